package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A graph computed value by value, all of them again in every run; a value's array is dropped behind its last reader. */
final class ReferenceProgram implements Program {
    private final Graph graph;
    private final ReferencePlan plan;
    private final Arena arena = Arena.ofShared();
    /** By value id; null for what is no floating-point constant. */
    private final @Nullable Dense[] constants;

    private final Map<String, Tensor> outputs = new LinkedHashMap<>();
    private boolean hasRun;

    ReferenceProgram(Graph graph, ReferencePlan plan) {
        this.graph = graph;
        this.plan = plan;
        this.constants = new @Nullable Dense[graph.values().size()];
        for (Value value : graph.values()) {
            if (value.op() instanceof SourceOp.Constant constant
                    && value.dtype().isFloatingPoint()
                    && plan.isNeeded(value)) {
                constants[value.id()] =
                        new Dense(value.shape(), constant.tensor().toFloatArray());
            }
        }
        graph.outputs()
                .forEach((name, value) -> outputs.put(
                        name,
                        Tensor.allocate(arena, value.dtype(), value.shape().dims())));
    }

    @Override
    public Graph graph() {
        return graph;
    }

    @Override
    public MemoryPlan memory() {
        return plan.memory();
    }

    @Override
    public Tensor run(Cancellation cancellation, Tensor... inputs) {
        requireOpen();
        graph.requireInputs(inputs);
        hasRun = false;
        new ReferenceRun(graph, plan, constants, inputs, cancellation).into(outputs);
        hasRun = true;
        return outputs.values().iterator().next();
    }

    @Override
    public Tensor output(String name) {
        requireOpen();
        Tensor output = outputs.get(name);
        if (output == null) {
            throw new TensorException(
                    "no output named %s, there are: %s".formatted(name, String.join(", ", outputs.keySet())));
        }
        if (!hasRun) {
            throw new IllegalStateException(
                    "output %s is not known: there was no run yet, or the last one failed".formatted(name));
        }
        return output;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private void requireOpen() {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("the program is closed");
        }
    }

    /** Copies numbers of the same type. */
    static void copy(Tensor from, Tensor to) {
        MemorySegment.copy(from.data(), 0, to.data(), 0, to.data().byteSize());
    }

    /** Copies an array into a tensor of its type: F32, or I32 for whole numbers. */
    static void copy(Dense from, Tensor to) {
        if (to.dtype() == DType.I32) {
            for (int i = 0; i < from.values.length; i++) {
                to.data().setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, (int) from.values[i]);
            }
            return;
        }
        if (to.dtype() != DType.F32) {
            throw new TensorException("expected an F32 output, found " + to);
        }
        MemorySegment.copy(from.values, 0, to.data(), ValueLayout.JAVA_FLOAT, 0, from.values.length);
    }
}
