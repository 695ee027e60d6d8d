package dev.aquarelle.sd.schedulers;

/**
 * Steps of the probability flow in Karras' form, {@code dx/dsigma = (x - x0) / sigma} (Karras et al. 2022, arXiv:2206.00364, equation
 * 4). The arithmetic is single precision, slope by slope: from a sigma of thousands the reference's rounding shows in the result.
 */
final class Karras {
    private Karras() {}

    /** The slope at a sample with its clean sample. */
    static float[] slope(float[] sample, float[] original, double sigma) {
        float divisor = (float) sigma;
        float[] slope = new float[sample.length];
        for (int i = 0; i < slope.length; i++) {
            slope[i] = (sample[i] - original[i]) / divisor;
        }
        return slope;
    }

    /** The mean of two slopes. */
    static float[] mean(float[] a, float[] b) {
        float[] mean = new float[a.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (a[i] + b[i]) / 2;
        }
        return mean;
    }

    /** From a sample along a slope, from sigma to sigma. */
    static float[] move(float[] sample, float[] slope, double from, double to) {
        float way = (float) to - (float) from;
        float[] moved = new float[sample.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = sample[i] + slope[i] * way;
        }
        return moved;
    }

    /** With noise of a standard deviation. */
    static float[] addNoise(float[] sample, float[] noise, double deviation) {
        float scale = (float) deviation;
        float[] sum = new float[sample.length];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = sample[i] + noise[i] * scale;
        }
        return sum;
    }

    /** The geometric middle of two sigmas, by way of logarithms; 0 if one of them is. */
    static float middle(double from, double to) {
        if (from == 0 || to == 0) {
            return 0;
        }
        float start = (float) StrictMath.log(from);
        float end = (float) StrictMath.log(to);
        return (float) StrictMath.exp(end - (end - start) * 0.5f);
    }

    /**
     * How much new noise a step from sigma to sigma may add so that all in all it is as noisy as it should be, and no noisier. In single
     * precision as well: far above, nearly all of a step's noise is new, and what {@link #down} keeps is a difference of equals.
     */
    static float up(double from, double to) {
        float fromPower = (float) from * (float) from;
        float toPower = (float) to * (float) to;
        float variance = toPower * (fromPower - toPower) / fromPower;
        return Math.min((float) to, EstimatedRoot.of(Math.max(variance, 0)));
    }

    /** To which sigma a step goes before {@link #up} is added. */
    static float down(double from, double to) {
        float up = up(from, to);
        return EstimatedRoot.of(Math.max((float) to * (float) to - up * up, 0));
    }
}
