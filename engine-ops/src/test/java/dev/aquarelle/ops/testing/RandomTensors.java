package dev.aquarelle.ops.testing;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;

/** Tensors from fixed seeds: the same numbers on every machine. */
public final class RandomTensors {
    private RandomTensors() {}

    /** Standard normal numbers. */
    public static Tensor random(long seed, int... dims) {
        return normal(seed, 0, 1, dims);
    }

    /** Normal numbers. */
    public static Tensor normal(long seed, double mean, double deviation, int... dims) {
        Random random = new Random(seed);
        float[] values = new float[Math.toIntExact(Shape.of(dims).size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (mean + deviation * random.nextGaussian());
        }
        return Tensor.of(values, dims);
    }

    /** I32 numbers from 0 to {@code bound}, which is not reached. */
    public static Tensor randomIndices(long seed, int bound, int... dims) {
        int[] values = new Random(seed).ints(Shape.of(dims).size(), 0, bound).toArray();
        return Tensor.of(values, dims);
    }

    /** All elements the same. */
    public static Tensor filled(float value, int... dims) {
        float[] values = new float[Math.toIntExact(Shape.of(dims).size())];
        Arrays.fill(values, value);
        return Tensor.of(values, dims);
    }

    /** A copy that shares no memory. */
    public static Tensor copied(Tensor tensor) {
        return new Tensor(
                tensor.shape(),
                tensor.dtype(),
                MemorySegment.ofArray(tensor.data().toArray(ValueLayout.JAVA_BYTE)));
    }

    /**
     * The same numbers, rounded to a floating-point type, as they lie in a weights file: off-heap, at an odd address.
     */
    public static Tensor stored(Tensor tensor, DType dtype) {
        float[] values = tensor.toFloatArray();
        long bytes = dtype.bytesFor(values.length);
        MemorySegment data = Arena.ofAuto().allocate(bytes + 1, 64).asSlice(1, bytes);
        for (int i = 0; i < values.length; i++) {
            switch (dtype) {
                case F64 -> data.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i, values[i]);
                case F32 -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, values[i]);
                case F16 -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16(values[i]));
                case BF16 -> {
                    // half a unit of the kept bits added to the magnitude: rounds to nearest
                    int bits = Float.floatToIntBits(values[i]) + 0x8000;
                    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) (bits >> 16));
                }
                case F8_E4M3, F8_E5M2 -> data.set(ValueLayout.JAVA_BYTE, i, nearestByte(values[i], dtype));
                default -> throw new IllegalArgumentException(dtype + " is no floating-point type");
            }
        }
        return new Tensor(tensor.shape(), dtype, data);
    }

    private static byte nearestByte(float value, DType dtype) {
        MemorySegment code = MemorySegment.ofArray(new byte[1]);
        byte nearest = 0;
        float distance = Float.POSITIVE_INFINITY;
        for (int bits = -128; bits < 128; bits++) {
            code.set(ValueLayout.JAVA_BYTE, 0, (byte) bits);
            float found = Math.abs(dtype.readFloat(code, 0) - value); // NaN is never nearer
            if (found < distance) {
                distance = found;
                nearest = (byte) bits;
            }
        }
        return nearest;
    }
}
