package dev.aquarelle.gpu.kernels;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Where the numbers of an operand are. Values are floats in one array. Weights keep the type of their file: 32 bits in one array, 16 in
 * another. TornadoVM has no {@link Float#intBitsToFloat}, and devices without half floats or bfloat16 are many, so numbers of 16 bits are
 * put together by arithmetic, with powers of two from a table.
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

    /** Where the weights of 32 bits begin with the value of the lowest bit of a half float's fraction, for each exponent. */
    private static final int HALF_POWERS = 0;

    /** The same for bfloat16; the smallest are 0 on devices that know normal floats only. */
    private static final int BRAIN_POWERS = 32;

    private static final int NAN = BRAIN_POWERS + 256;

    /** Floats of the table that the weights of 32 bits begin with. */
    public static final int TABLE = NAN + 1;

    private Operands() {}

    /** Writes the table to the beginning of an array. */
    public static void writeTable(FloatArray f) {
        for (int i = 0; i < 31; i++) {
            f.set(HALF_POWERS + i, Math.scalb(1f, Math.max(i, 1) - 25));
        }
        f.set(HALF_POWERS + 31, Float.POSITIVE_INFINITY);
        for (int i = 0; i < 255; i++) {
            f.set(BRAIN_POWERS + i, Math.scalb(1f, Math.max(i, 1) - 134));
        }
        f.set(BRAIN_POWERS + 255, Float.POSITIVE_INFINITY);
        f.set(NAN, Float.NaN);
    }

    /**
     * A number of an operand.
     *
     * @param type one of the constants of this class
     * @param at where the operand begins in its array
     * @param i which of its numbers
     */
    @SuppressWarnings("IfChainToSwitch") // device compilers take chains well
    static float get(FloatArray x, FloatArray f, ShortArray h, int type, int at, int i) {
        float number = 0;
        if (type == VALUE) {
            number = x.get(at + i);
        } else if (type == F32) {
            number = f.get(at + i);
        } else if (type != NONE) {
            int fractionBits = type == F16 ? 10 : 7;
            number = decode(f, h.get(at + i), fractionBits, type == F16 ? HALF_POWERS : BRAIN_POWERS);
        }
        return number;
    }

    /**
     * A number of 16 bits, the lowest {@code fractionBits} of which are its fraction. Nothing is shifted before it is known not to be
     * negative: some of TornadoVM's compilers take wrong signs otherwise.
     */
    private static float decode(FloatArray f, int bits, int fractionBits, int powers) {
        int sign = bits < 0 ? 1 : 0;
        int rest = bits + sign * 0x8000;
        int exponent = rest >> fractionBits;
        int fraction = rest - (exponent << fractionBits);
        int hidden = exponent == 0 ? 0 : 1 << fractionBits;
        float number = (hidden + fraction) * f.get(powers + exponent);
        if (fraction != 0 && exponent == (0x7fff >> fractionBits)) {
            number = f.get(NAN);
        }
        return (1 - 2 * sign) * number;
    }
}
