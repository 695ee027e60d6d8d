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
import java.util.Map;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Where the operands of a stage are: values in the slab, constants among the stage's own words, each once. */
final class Places {
    private final SlabPlan slab;
    private final Map<Word, Integer> words = new LinkedHashMap<>();
    private long count;

    /** A constant as it lies among the words. */
    private record Word(Value constant, boolean channelsLast) {}

    /** One operand, as {@link Operands} says. */
    record Place(int type, int at) {
        static final Place NONE = new Place(Operands.NONE, 0);
    }

    Places(SlabPlan slab) {
        this.slab = slab;
    }

    long bytes() {
        return 4 * count;
    }

    /** Where a value is made or read. */
    Place of(Value value) {
        return of(value, false);
    }

    /** Where the weights [O, C, kh, kw] of a convolution are, as [O, kh, kw, C]: neighbours are then neighbours in the image too. */
    Place ofKernel(Value weight) {
        return of(weight, true);
    }

    private Place of(Value value, boolean channelsLast) {
        Value root = SlabPlan.root(value);
        if (!(root.op() instanceof SourceOp.Constant constant)) {
            return new Place(Operands.VALUE, floats(root));
        }
        Word word = new Word(value.shape().equals(root.shape()) ? root : value, channelsLast);
        Integer at = words.get(word);
        if (at == null) {
            at = (int) count;
            words.put(word, at);
            long numbers = root.shape().size();
            count += type(constant.tensor().dtype()) == Operands.F32 ? numbers : (numbers + 1) / 2;
            new MemoryBudget(4L * Integer.MAX_VALUE).require("the weights of a stage", 4 * count);
        }
        return new Place(type(constant.tensor().dtype()), at);
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

    /** The words, as the device is given them. */
    IntArray words() {
        IntArray array = new IntArray((int) Math.max(1, count));
        words.forEach((word, at) -> {
            Tensor tensor = ((SourceOp.Constant) SlabPlan.root(word.constant).op()).tensor();
            MemorySegment to = array.getSegment().asSlice(4L * at);
            if (word.channelsLast) {
                reorder(tensor, word.constant.shape(), to);
            } else if (type(tensor.dtype()) != Operands.F32 || tensor.dtype() == DType.F32) {
                MemorySegment.copy(tensor.data(), 0, to, 0, tensor.data().byteSize());
            } else {
                for (long i = 0; i < tensor.shape().size(); i++) {
                    to.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, tensor.getFloat(i));
                }
            }
        });
        return array;
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
