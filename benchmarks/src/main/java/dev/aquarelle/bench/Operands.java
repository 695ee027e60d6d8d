package dev.aquarelle.bench;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Numbers for the operands of a kernel: the same for every backend; a smaller problem's are the first ones of the larger one's. */
final class Operands {
    private Operands() {}

    /** Activations are F32, weights F16 as in the model's files. */
    static List<Tensor> of(Kernel kernel) {
        return IntStream.range(0, kernel.operands().size())
                .mapToObj(i -> {
                    Kernel.Operand operand = kernel.operands().get(i);
                    return operand.isWeight() ? weight(i, operand.shape()) : activation(i, operand.shape());
                })
                .toList();
    }

    /** Other numbers for the first operand: a program does not compute again what it has just computed. */
    static Tensor otherFirst(Kernel kernel) {
        return activation(1000, kernel.operands().getFirst().shape());
    }

    private static Tensor activation(int seed, Shape shape) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensor.of(values, shape.dims());
    }

    /** Of a size that keeps results near 1. */
    private static Tensor weight(int seed, Shape shape) {
        SplittableRandom random = new SplittableRandom(seed);
        double deviation = shape.rank() == 1 ? 1 : Math.sqrt((double) shape.dim(0) / shape.size());
        short[] values = new short[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.floatToFloat16((float) (deviation * random.nextGaussian()));
        }
        MemorySegment bits = Arena.ofAuto().allocate(2L * values.length, Tensor.ALIGNMENT);
        MemorySegment.copy(values, 0, bits, ValueLayout.JAVA_SHORT, 0, values.length);
        return new Tensor(shape, DType.F16, bits);
    }
}
