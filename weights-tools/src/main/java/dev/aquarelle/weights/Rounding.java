package dev.aquarelle.weights;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Writes floating-point numbers in another type, each rounded once: to nearest, ties to even. */
final class Rounding {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Rounding() {}

    /** Sets element {@code index} of {@code to}, which is F32, F16 or BF16, to that of {@code from}. */
    static void copy(Tensor from, Tensor to, long index) {
        MemorySegment out = to.data();
        if (to.dtype() == DType.F32) {
            out.set(FLOAT, 4 * index, from.dtype().readFloat(from.data(), index));
        } else {
            float value = from.dtype() == DType.F64
                    ? toOdd(from.dtype().readDouble(from.data(), index))
                    : from.dtype().readFloat(from.data(), index);
            out.set(SHORT, 2 * index, to.dtype() == DType.F16 ? Float.floatToFloat16(value) : toBf16(value));
        }
    }

    /** The upper half of a float's bits, rounded; infinite from half a step above the largest. A NaN stays one. */
    static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40); // quiet, so that no NaN becomes infinite by losing its low bits
        }
        return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
    }

    /**
     * A float that rounds to any narrower type as {@code value} does: what does not fit leaves a 1 in the last bit, so that the second rounding
     * sees no tie that was none (Boldo and Melquiond 2008).
     */
    static float toOdd(double value) {
        float nearest = (float) value;
        if (nearest == value || Double.isNaN(value) || (Float.floatToRawIntBits(nearest) & 1) == 1) {
            return nearest;
        }
        return nearest < value ? Math.nextUp(nearest) : Math.nextDown(nearest);
    }
}
