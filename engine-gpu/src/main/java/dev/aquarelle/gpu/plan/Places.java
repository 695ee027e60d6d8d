package dev.aquarelle.gpu.plan;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.gpu.kernels.Operands;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.plan.SlabPlan;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** Where the operands of a stage are: values in the slab, constants among the stage's own weights, each once. */
final class Places {
    private final SlabPlan slab;
    private final Map<Weight, Integer> weights = new LinkedHashMap<>();
    private final Map<List<Float>, Integer> scalars = new LinkedHashMap<>();
    private long floats = Operands.TABLE;
    private long halves;

    /** A constant as it lies among the weights. */
    private record Weight(Value constant, boolean channelsLast, DType type) {}

    /** One operand, as {@link Operands} says. */
    record Place(int type, int at) {
        static final Place NONE = new Place(Operands.NONE, 0);
    }

    Places(SlabPlan slab) {
        this.slab = slab;
    }

    /** Bytes of weights. */
    long bytes() {
        return Float.BYTES * floats + Short.BYTES * halves;
    }

    int floatCount() {
        return (int) floats;
    }

    /** At least 1: TornadoVM has no empty arrays. */
    int halfCount() {
        return (int) Math.max(1, halves);
    }

    /** Where among the weights of 32 bits these numbers are, one after the other. */
    int ofScalars(float... numbers) {
        List<Float> key =
                IntStream.range(0, numbers.length).mapToObj(i -> numbers[i]).toList();
        return scalars.computeIfAbsent(key, _ -> reserve(DType.F32, numbers.length));
    }

    private int reserve(DType type, long numbers) {
        boolean half = type(type) != Operands.F32;
        long at = half ? halves : floats;
        new MemoryBudget(Integer.MAX_VALUE).require("the weights of a stage", at + numbers);
        if (half) {
            halves += numbers;
        } else {
            floats += numbers;
        }
        return (int) at;
    }

    /** Where a value is made or read. */
    Place of(Value value) {
        return of(value, false, false);
    }

    /** Where it is with 32 bits, whatever the file has. */
    Place ofWide(Value value) {
        return of(value, false, true);
    }

    /** Where the weights [O, C, kh, kw] of a convolution are, as [O, kh, kw, C]: neighbours are then neighbours in the image too. */
    Place ofKernel(Value weight) {
        return of(weight, true, false);
    }

    private Place of(Value value, boolean channelsLast, boolean isWide) {
        Value root = SlabPlan.root(value);
        if (!(root.op() instanceof SourceOp.Constant constant)) {
            return new Place(Operands.VALUE, floats(root));
        }
        DType type = isWide ? DType.F32 : constant.tensor().dtype();
        Weight weight = new Weight(value.shape().equals(root.shape()) ? root : value, channelsLast, type);
        int at = weights.computeIfAbsent(weight, _ -> reserve(type, root.shape().size()));
        return new Place(type(type), at);
    }

    /** Where a value of the slab begins, in floats. */
    int floats(Value value) {
        return Math.toIntExact(slab.byteOffset(value) / Float.BYTES);
    }

    private static int type(DType dtype) {
        return switch (dtype) {
            case F16 -> Operands.F16;
            case BF16 -> Operands.BF16;
            default -> Operands.F32;
        };
    }

    /** Where the numbers begin, behind all values, that the launches of one operation hand on to each other. */
    int scratch() {
        return Math.toIntExact(slab.bytes() / Float.BYTES);
    }

    /** Writes the weights, as the device is given them, to the beginning of arrays. */
    void write(FloatArray toFloats, ShortArray toHalves) {
        Operands.writeTable(toFloats);
        scalars.forEach((numbers, at) -> {
            for (int i = 0; i < numbers.size(); i++) {
                toFloats.set(at + i, numbers.get(i));
            }
        });
        weights.forEach((weight, at) -> {
            Tensor tensor = ((SourceOp.Constant) SlabPlan.root(weight.constant).op()).tensor();
            boolean half = type(weight.type) != Operands.F32;
            MemorySegment to = half
                    ? toHalves.getSegment().asSlice((long) Short.BYTES * at)
                    : toFloats.getSegment().asSlice((long) Float.BYTES * at);
            if (weight.channelsLast) {
                reorder(tensor, weight.constant.shape(), to);
            } else if (half || tensor.dtype() == DType.F32) {
                MemorySegment.copy(tensor.data(), 0, to, 0, tensor.data().byteSize());
            } else {
                for (long i = 0; i < tensor.shape().size(); i++) {
                    to.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, tensor.getFloat(i));
                }
            }
        });
    }

    /** [O, C, kh, kw] to [O, kh, kw, C]. */
    private static void reorder(Tensor tensor, Shape shape, MemorySegment to) {
        int channels = shape.dim(1);
        int taps = shape.dim(2) * shape.dim(3);
        boolean half = type(tensor.dtype()) != Operands.F32;
        long i = 0;
        for (long output = 0; output < shape.dim(0); output++) {
            for (int tap = 0; tap < taps; tap++) {
                for (int c = 0; c < channels; c++, i++) {
                    long from = (output * channels + c) * taps + tap;
                    if (half) {
                        short bits = tensor.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * from);
                        to.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, bits);
                    } else {
                        to.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, tensor.getFloat(from));
                    }
                }
            }
        }
    }
}
