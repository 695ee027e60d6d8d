package dev.aquarelle.gpu.plan;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.plan.Dependencies;
import dev.aquarelle.ops.plan.SlabPlan;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * What goes to the device before a run: the inputs, and the sinusoids of timesteps among them, which want more digits than devices have.
 * Indices are checked here, since a device reads whatever lies outside of a table; they travel as floats.
 */
final class HostInputs {
    private final Graph graph;
    private final List<Value> derived = new ArrayList<>();
    private final Map<Value, Integer> places = new LinkedHashMap<>();
    private final FloatArray array;

    HostInputs(Graph graph, List<Value> needed) {
        this.graph = graph;
        int at = 0;
        for (Value input : graph.inputs()) {
            places.put(input, at);
            at = Math.addExact(at, Math.toIntExact(input.shape().size()));
        }
        for (Value value : needed) {
            if (isDerived(value)) {
                derived.add(value);
                places.put(value, at);
                at = Math.addExact(at, Math.toIntExact(value.shape().size()));
            }
        }
        array = new FloatArray(Math.max(1, at));
    }

    /** Whether the host computes it. */
    static boolean isDerived(Value value) {
        return value.op() instanceof MapOp.TimestepEmbedding
                && SlabPlan.root(value.operands().get(0)).op() instanceof SourceOp.Input;
    }

    /** What is uploaded, and from where on. */
    Map<Value, Integer> places() {
        return places;
    }

    FloatArray array() {
        return array;
    }

    /**
     * @throws TensorException if the tensors do not fit the graph's inputs, or an index its table
     */
    void check(List<Value> needed, Tensor[] given) {
        graph.requireInputs(given);
        for (Value value : needed) {
            if (value.op() instanceof LayoutOp.Embedding) {
                int rows = value.operands().get(1).shape().dim(0);
                checkIndices(value, value.operands().get(0), rows, given);
            } else if (value.op() instanceof LayoutOp.SelectRows) {
                int rows = value.operands().get(0).shape().dim(1);
                checkIndices(value, value.operands().get(1), rows, given);
            }
        }
    }

    private void checkIndices(Value value, Value indices, int rows, Tensor[] given) {
        Value root = SlabPlan.root(indices);
        Tensor tensor = root.op() instanceof SourceOp.Constant constant
                ? constant.tensor()
                : given[graph.inputs().indexOf(root)];
        for (long i = 0; i < tensor.shape().size(); i++) {
            long index = tensor.dtype().readLong(tensor.data(), i);
            if (index < 0 || index >= rows) {
                String who = value.scope().isEmpty()
                        ? value.op().label()
                        : value.op().label() + " in " + value.scope();
                throw new TensorException(
                        "%s: index %d at position %d is outside of the %d rows".formatted(who, index, i, rows));
            }
        }
    }

    /**
     * Takes over what differs from the last run; which inputs, as {@link Dependencies#bit}s.
     *
     * @param changed those that count as changed anyway
     */
    long take(Tensor[] given, long changed) {
        for (int i = 0; i < given.length; i++) {
            Value input = graph.inputs().get(i);
            MemorySegment to = slot(input);
            Tensor tensor = input.dtype() == DType.F32 ? given[i] : floats(given[i]);
            if (to.mismatch(tensor.data()) >= 0) {
                MemorySegment.copy(tensor.data(), 0, to, 0, to.byteSize());
                changed |= Dependencies.bit(i) | Dependencies.FIRST_INPUT;
            }
        }
        if (changed != 0) {
            derived.forEach(this::sinusoids);
        }
        return changed;
    }

    private static Tensor floats(Tensor indices) {
        int[] numbers = indices.toIntArray();
        float[] floats = new float[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            floats[i] = numbers[i];
        }
        return Tensor.of(floats, numbers.length);
    }

    private MemorySegment slot(Value value) {
        return array.getSegment()
                .asSlice(
                        4L * Objects.requireNonNull(places.get(value)),
                        4 * value.shape().size());
    }

    private void sinusoids(Value value) {
        MapOp.TimestepEmbedding op = (MapOp.TimestepEmbedding) value.op();
        MemorySegment timesteps = slot(SlabPlan.root(value.operands().get(0)));
        MemorySegment out = slot(value);
        int half = op.dim() / 2;
        int sines = op.flipSinToCos() ? half : 0;
        for (int n = 0; n < value.shape().dim(0); n++) {
            double timestep = timesteps.getAtIndex(ValueLayout.JAVA_FLOAT, n);
            long row = (long) n * op.dim();
            for (int i = 0; i < half; i++) {
                double frequency = StrictMath.exp(-StrictMath.log(op.maxPeriod()) * i / (half - op.freqShift()));
                double angle = timestep * frequency;
                out.setAtIndex(ValueLayout.JAVA_FLOAT, row + sines + i, (float) StrictMath.sin(angle));
                out.setAtIndex(ValueLayout.JAVA_FLOAT, row + half - sines + i, (float) StrictMath.cos(angle));
            }
            if (op.dim() % 2 == 1) {
                out.setAtIndex(ValueLayout.JAVA_FLOAT, row + 2L * half, 0);
            }
        }
    }
}
