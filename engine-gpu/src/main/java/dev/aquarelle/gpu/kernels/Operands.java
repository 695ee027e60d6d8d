package dev.aquarelle.gpu.kernels;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Where the numbers of an operand are. Values are floats in one array. Weights keep the type of their file, in 32-bit words: two numbers
 * of 16 bits to a word, the lower half first. Both devices without half floats and those without bfloat16 read them so.
 */
public final class Operands {
    /** Weights of 32 bits. */
    public static final int F32 = 0;

    /** Weights of 16 bits, IEEE 754. */
    public static final int F16 = 1;

    /** Weights of 16 bits, the upper half of a float. */
    public static final int BF16 = 2;

    /** Values. */
    public static final int VALUE = 3;

    /** No operand; reads as 0. */
    public static final int NONE = 4;

    private Operands() {}

    /**
     * A number of an operand.
     *
     * @param type one of the constants of this class
     * @param at where the operand begins, in floats or in words
     * @param i which of its numbers
     */
    @SuppressWarnings("IfChainToSwitch") // device compilers take chains well
    static float get(FloatArray x, IntArray w, int type, int at, int i) {
        float number = 0;
        if (type == VALUE) {
            number = x.get(at + i);
        } else if (type == F32) {
            number = Float.intBitsToFloat(w.get(at + i));
        } else if (type == F16) {
            number = half(w.get(at + (i >> 1)) >>> ((i & 1) << 4));
        } else if (type == BF16) {
            number = Float.intBitsToFloat((w.get(at + (i >> 1)) >>> ((i & 1) << 4)) << 16);
        }
        return number;
    }

    /** The float of the lowest 16 bits. Subnormal numbers by a product, since devices may take small floats for 0. */
    static float half(int bits) {
        int exponent = (bits >> 10) & 0x1f;
        int fraction = bits & 0x3ff;
        int sign = (bits & 0x8000) << 16;
        int rebased = exponent == 0x1f ? 0xff : exponent + 112;
        float normal = Float.intBitsToFloat(sign | (rebased << 23) | (fraction << 13));
        float subnormal = (sign != 0 ? -0x1p-24f : 0x1p-24f) * fraction;
        return exponent == 0 ? subnormal : normal;
    }
}
