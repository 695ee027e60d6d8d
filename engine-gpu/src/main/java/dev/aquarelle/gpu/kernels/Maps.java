package dev.aquarelle.gpu.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** A work item for each number of the result, which comes from one number of each operand, or two. */
public final class Maps {
    /** Numbers of the result. */
    public static final int COUNT = 0;

    /** Where the result begins. */
    public static final int OUT_AT = 1;
    /** What a is, as {@link Operands} says. */
    public static final int A_TYPE = 2;
    /** Where a begins. */
    public static final int A_AT = 3;
    /** What b is. */
    public static final int B_TYPE = 4;
    /** Where b begins. */
    public static final int B_AT = 5;

    /** Numbers of b, which repeat; for vectors of samples, those of a vector. */
    public static final int B_COUNT = 6;

    /** What is done, one of the constants from {@link #ADD} on, or a function of {@link Functions}. */
    public static final int KIND = 7;

    /** For {@link #SCALE} where its factor is among the weights of 32 bits, the offset behind it. */
    public static final int FACTOR_AT = 8;

    /** For {@link #ADD_PER_CHANNEL} the numbers of a sample. */
    public static final int SAMPLE = 9;

    /** How many numbers describe it. */
    public static final int FIELDS = 10;

    /** {@code a + b}, b repeating. */
    public static final int ADD = 100;
    /** {@code a * b}, b repeating. */
    public static final int MULTIPLY = 101;
    /** a plus a vector for each sample. */
    public static final int ADD_PER_CHANNEL = 102;
    /** {@code a * factor + offset}. */
    public static final int SCALE = 103;

    /** The first half of a's row of {@code 2 B_COUNT} times the exact GELU of the second. */
    public static final int GE_GLU = 104;

    private Maps() {}

    /** The first axis goes over the numbers. */
    @SuppressWarnings("IfChainToSwitch") // device compilers take chains well
    public static void map(KernelContext c, IntArray p, FloatArray f, ShortArray h, FloatArray x) {
        int i = c.globalIdx;
        if (i < p.get(COUNT)) {
            int kind = p.get(KIND);
            int type = p.get(A_TYPE);
            int from = p.get(A_AT);
            int width = p.get(B_COUNT);
            float number = 0;
            if (kind == GE_GLU) {
                int row = i / width;
                float a = Operands.get(x, f, h, type, from, i + row * width);
                number = a * Functions.gelu(Operands.get(x, f, h, type, from, i + row * width + width));
            } else {
                float a = Operands.get(x, f, h, type, from, i);
                if (kind == ADD || kind == MULTIPLY) {
                    float b = Operands.get(x, f, h, p.get(B_TYPE), p.get(B_AT), i % width);
                    number = kind == ADD ? a + b : a * b;
                } else if (kind == ADD_PER_CHANNEL) {
                    int channel = i / p.get(SAMPLE) * width + i % width;
                    number = a + Operands.get(x, f, h, p.get(B_TYPE), p.get(B_AT), channel);
                } else if (kind == SCALE) {
                    number = a * f.get(p.get(FACTOR_AT)) + f.get(p.get(FACTOR_AT) + 1);
                } else {
                    number = Functions.activate(kind, a);
                }
            }
            x.set(p.get(OUT_AT) + i, number);
        }
    }
}
