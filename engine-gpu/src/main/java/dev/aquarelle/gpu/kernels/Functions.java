package dev.aquarelle.gpu.kernels;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/** Functions of one number, numbered like the constants of {@link dev.aquarelle.ops.graph.Activation}. */
final class Functions {
    private static final int SILU = 0;
    private static final int GELU = 1;
    private static final int GELU_TANH = 2;
    private static final int QUICK_GELU = 3;
    private static final int RELU = 4;
    private static final int SIGMOID = 5;

    /** The normal distribution beyond it is 0. */
    private static final float TAIL_END = 14.2f;

    private Functions() {}

    @SuppressWarnings("IfChainToSwitch") // device compilers take chains well
    static float activate(int function, float x) {
        float y = 0;
        if (function == SILU) {
            y = silu(x);
        } else if (function == GELU) {
            y = gelu(x);
        } else if (function == GELU_TANH) {
            y = x / (1 + TornadoMath.exp(-1.5957692f * (x + 0.044715f * x * x * x)));
        } else if (function == QUICK_GELU) {
            y = x / (1 + TornadoMath.exp(-1.702f * x));
        } else if (function == RELU) {
            y = x < 0 ? 0 : x; // NaN stays: TornadoVM takes a comparison with it for false, and turns <= round
        } else if (function == SIGMOID) {
            y = 1 / (1 + TornadoMath.exp(-x));
        } else {
            y = tanh(x);
        }
        return y;
    }

    static float silu(float x) {
        return x / (1 + TornadoMath.exp(-x));
    }

    /**
     * The exact GELU, x times the normal distribution, whose tail is {@code exp(-a^2 / 2) / (a + 2.5)} times a polynomial of
     * {@code (a - 2.5) / (a + 2.5)}; error 2e-8.
     */
    static float gelu(float x) {
        float a = x < 0 ? -x : x;
        a = a > TAIL_END ? TAIL_END : a;
        float square = a * a;
        float split = 4097 * a; // the upper half of a's digits has an exact square (Dekker 1971)
        float upper = split - (split - a);
        float lower = a - upper;
        float lost = upper * upper - square + 2 * upper * lower + lower * lower;
        float e = TornadoMath.exp(-0.5f * square);
        e = e - 0.5f * lost * e;
        float d = 1 / (a + 2.5f);
        float q = (a - 2.5f) * d;
        float s = -0.00015695699f;
        s = s * q - 0.00031032192f;
        s = s * q + 0.0006843048f;
        s = s * q + 0.0025228485f;
        s = s * q - 0.0016010581f;
        s = s * q - 0.016385907f;
        s = s * q + 0.009235943f;
        s = s * q + 0.13198696f;
        s = s * q - 0.433692f;
        s = s * q + 0.70665663f;
        float tail = e * (s * d);
        return x * (x > 0 ? 1 - tail : tail);
    }

    /** By its series near 0, where 1 minus something loses digits. */
    private static float tanh(float x) {
        float a = x < 0 ? -x : x;
        float square = x * x;
        float s = 0.016437562f;
        s = s * square - 0.052671805f;
        s = s * square + 0.13320725f;
        s = s * square - 0.33332947f;
        float small = x + x * square * s;
        float large = 1 - 2 / (1 + TornadoMath.exp(2 * a));
        large = x < 0 ? -large : large;
        return a < 0.55f ? small : large;
    }
}
