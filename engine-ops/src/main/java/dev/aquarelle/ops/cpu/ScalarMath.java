package dev.aquarelle.ops.cpu;

import dev.aquarelle.ops.graph.Activation;

/**
 * The elementary functions of the CPU backend on single floats, and the coefficients they share with {@link VectorMath}, which
 * computes the same bits by the same steps. Neither the JDK's {@code Math} nor the vector API's transcendental operations promise
 * the same bits everywhere; additions, products, quotients and fused multiply-adds do.
 *
 * <p>Polynomials are minimax fits (Remez) of the relative error, made in 50 digits and then rounded; the errors given are what tests
 * measure over the whole function.
 */
final class ScalarMath {
    static final float LOG2_E = 0x1.715476p0f;

    /**
     * Added to a small number, it leaves the nearest integer plus 126 in the lowest bits: shifted to the place of the exponent they
     * are the float 2^(n - 1).
     */
    static final float ROUNDER = 0x1.8p23f + 126;

    static final float LN2_HIGH = 0x1.62e43p-1f;
    static final float LN2_LOW = -0x1.05c61p-29f;

    /** exp is 0 below, where the result would be less than 1.7e-38. */
    static final float EXP_LOWEST = -87;

    /** exp is infinite from here on, and not defined beyond. */
    static final float EXP_HIGHEST = 89;

    /** 2 exp(r) = 2 + 2 r + r^2 (E2 + E3 r + ...) for |r| up to ln(2) / 2, error 3e-9. */
    static final float E2 = 2 * 0.49999994f;

    static final float E3 = 2 * 0.16666521f;
    static final float E4 = 2 * 0.041668393f;
    static final float E5 = 2 * 0.0083687445f;
    static final float E6 = 2 * 0.0013814529f;

    /** exp2 is 0 below, where the result would be less than 2.4e-38. */
    static final float EXP2_LOWEST = -125;

    /** 2 exp2(r) = 2 + r (P1 + P2 r + ...) for |r| up to 1/2, error 9e-8. */
    static final float P1 = 2 * 0.693147f;

    static final float P2 = 2 * 0.24022242f;
    static final float P3 = 2 * 0.055507336f;
    static final float P4 = 2 * 0.009671513f;
    static final float P5 = 2 * 0.0013264727f;

    /** tanh(x) = x (1 + x^2 (T0 + T1 x^2 + ...)) for |x| up to TANH_SMALL, error 4e-8. */
    static final float TANH_SMALL = 0.55f;

    static final float T0 = -0.33332947f;
    static final float T1 = 0.13320725f;
    static final float T2 = -0.052671805f;
    static final float T3 = 0.016437562f;

    /**
     * The upper tail of the normal distribution: Q(a) = exp(-a^2 / 2) / (a + 2.5) * (Q0 + Q1 q + ...) with q = (a - 2.5) / (a + 2.5),
     * for a up to TAIL_END, beyond which exp is 0; error 2e-8.
     */
    static final float TAIL_CENTER = 2.5f;

    static final float TAIL_END = 14.2f;
    static final float Q0 = 0.70665663f;
    static final float Q1 = -0.433692f;
    static final float Q2 = 0.13198696f;
    static final float Q3 = 0.009235943f;
    static final float Q4 = -0.016385907f;
    static final float Q5 = -0.0016010581f;
    static final float Q6 = 0.0025228485f;
    static final float Q7 = 0.0006843048f;
    static final float Q8 = -0.00031032192f;
    static final float Q9 = -0.00015695699f;

    /** GELU_TANH: x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)), negated for exp. */
    static final float GELU_TANH_LINEAR = -1.5957692f;

    static final float GELU_TANH_CUBIC = -1.5957692f * 0.044715f;

    static final float QUICK_GELU = -1.702f;

    private ScalarMath() {}

    /** 2^x to 3 ulp, for x up to 1; 0 below -125. For softmax, which takes more of them than all else together. */
    static float exp2(float x) {
        float t = x + ROUNDER;
        float r = x - (t - ROUNDER);
        float p = Math.fma(P5, r, P4);
        p = Math.fma(p, r, P3);
        p = Math.fma(p, r, P2);
        p = Math.fma(p, r, P1);
        p = Math.fma(p, r, 2);
        return x < EXP2_LOWEST ? 0 : p * Float.intBitsToFloat(Float.floatToRawIntBits(t) << 23);
    }

    /** e^x to 1 ulp, for x up to 89, from where on it is infinite; 0 below -87. */
    static float exp(float x) {
        float t = Math.fma(x, LOG2_E, ROUNDER);
        float n = t - ROUNDER;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
        float p = Math.fma(E6, r, E5);
        p = Math.fma(p, r, E4);
        p = Math.fma(p, r, E3);
        p = Math.fma(p, r, E2);
        p = Math.fma(p, r, 2);
        p = Math.fma(p, r, 2);
        float y = p * Float.intBitsToFloat(Float.floatToRawIntBits(t) << 23);
        return x < EXP_LOWEST ? 0 : y;
    }

    /** {@code x / (1 + e^y)} for any y. */
    private static float gate(float x, float y) {
        return x / (1 + exp(y > EXP_HIGHEST ? EXP_HIGHEST : y));
    }

    /** The function of one number. */
    static float activate(Activation function, float x) {
        return switch (function) {
            case SILU -> silu(x);
            case GELU -> gelu(x);
            case GELU_TANH -> geluTanh(x);
            case QUICK_GELU -> quickGelu(x);
            case RELU -> relu(x);
            case SIGMOID -> sigmoid(x);
            case TANH -> tanh(x);
        };
    }

    /** {@link Activation#SILU}. */
    static float silu(float x) {
        return gate(x, -x);
    }

    /** {@link Activation#SIGMOID}. */
    static float sigmoid(float x) {
        return gate(1, -x);
    }

    /** {@link Activation#QUICK_GELU}. */
    static float quickGelu(float x) {
        return gate(x, QUICK_GELU * x);
    }

    /** {@link Activation#GELU_TANH}; as a sigmoid it keeps its digits where the tanh is near -1. */
    static float geluTanh(float x) {
        return gate(x, x * Math.fma(x * x, GELU_TANH_CUBIC, GELU_TANH_LINEAR));
    }

    /** {@link Activation#GELU}: x Q(-x), which keeps its digits for negative x too. */
    static float gelu(float x) {
        float a = Math.abs(x);
        a = a > TAIL_END ? TAIL_END : a;
        float square = a * a;
        float lost = Math.fma(a, a, -square);
        float e = exp(-0.5f * square);
        e = Math.fma(e, -0.5f * lost, e);
        float d = 1 / (a + TAIL_CENTER);
        float q = (a - TAIL_CENTER) * d;
        float p = Math.fma(Q9, q, Q8);
        p = Math.fma(p, q, Q7);
        p = Math.fma(p, q, Q6);
        p = Math.fma(p, q, Q5);
        p = Math.fma(p, q, Q4);
        p = Math.fma(p, q, Q3);
        p = Math.fma(p, q, Q2);
        p = Math.fma(p, q, Q1);
        p = Math.fma(p, q, Q0);
        float tail = e * (p * d);
        return x * (x > 0 ? 1 - tail : tail);
    }

    /** {@link Activation#TANH}. */
    static float tanh(float x) {
        float a = Math.abs(x);
        float square = x * x;
        float p = Math.fma(T3, square, T2);
        p = Math.fma(p, square, T1);
        p = Math.fma(p, square, T0);
        float small = x * Math.fma(p, square, 1);
        float large = 1 - gate(2, 2 * a);
        large = x < 0 ? -large : large;
        return a < TANH_SMALL ? small : large;
    }

    /** {@link Activation#RELU}; NaN stays. */
    static float relu(float x) {
        return x <= 0 ? 0 : x;
    }
}
