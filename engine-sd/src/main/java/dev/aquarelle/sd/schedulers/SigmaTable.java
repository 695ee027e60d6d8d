package dev.aquarelle.sd.schedulers;

/**
 * The ratio of noise to signal at every training timestep, {@code sigma = sqrt((1 - alphaCumprod) / alphaCumprod)}, in single
 * precision, with the way from timesteps to sigmas and back.
 */
final class SigmaTable {
    private static final double SMALLEST = 1e-10;

    private final float[] sigmas;
    private final float[] logSigmas;

    private SigmaTable(float[] sigmas, float[] logSigmas) {
        this.sigmas = sigmas;
        this.logSigmas = logSigmas;
    }

    static SigmaTable of(NoiseSchedule schedule) {
        float[] alphasCumprod = schedule.alphasCumprod();
        float[] sigmas = new float[alphasCumprod.length];
        float[] logSigmas = new float[alphasCumprod.length];
        for (int t = 0; t < sigmas.length; t++) {
            sigmas[t] = EstimatedRoot.of((1 - alphasCumprod[t]) / alphasCumprod[t]);
            logSigmas[t] = (float) StrictMath.log(sigmas[t]);
        }
        return new SigmaTable(sigmas, logSigmas);
    }

    int size() {
        return sigmas.length;
    }

    double first() {
        return sigmas[0];
    }

    double last() {
        return sigmas[sigmas.length - 1];
    }

    double logFirst() {
        return logSigmas[0];
    }

    double logLast() {
        return logSigmas[sigmas.length - 1];
    }

    /** Sigmas at timesteps, between two of the table linearly; outside the table its ends. */
    double[] at(double[] timesteps) {
        double[] result = new double[timesteps.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = at(timesteps[i]);
        }
        return result;
    }

    private double at(double timestep) {
        if (timestep <= 0) {
            return first();
        }
        if (timestep >= sigmas.length - 1) {
            return last();
        }
        int below = (int) timestep;
        return sigmas[below] + (timestep - below) * ((double) sigmas[below + 1] - sigmas[below]);
    }

    /** Sigmas at timesteps of the table, between two of them linearly in log sigma: {@link #timestepsOf} the other way round. */
    double[] atByLogarithm(double[] timesteps) {
        double[] result = new double[timesteps.length];
        for (int i = 0; i < result.length; i++) {
            int below = (int) timesteps[i];
            int above = Math.min(below + 1, sigmas.length - 1);
            double weight = timesteps[i] - below;
            result[i] = weight == 0
                    ? sigmas[below]
                    : StrictMath.exp((1 - weight) * logSigmas[below] + weight * logSigmas[above]);
        }
        return result;
    }

    /** The timesteps whose sigmas these are, between two of the table linearly in log sigma. */
    double[] timestepsOf(double[] sigmas) {
        double[] result = new double[sigmas.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = timestepOf(sigmas[i]);
        }
        return result;
    }

    private double timestepOf(double sigma) {
        if (sigmas.length == 1) {
            return 0;
        }
        double log = StrictMath.log(Math.max(sigma, SMALLEST));
        int below = sigmas.length - 1; // the last one not above it: a rescaled table falls at its end
        while (below > 0 && log < logSigmas[below]) {
            below--;
        }
        below = Math.min(below, sigmas.length - 2);
        double low = logSigmas[below];
        double high = logSigmas[below + 1];
        double weight = Math.clamp((low - log) / (low - high), 0.0, 1.0);
        return (1 - weight) * below + weight * (below + 1);
    }

    /**
     * How many of the noisiest timesteps have a lambda (half the log of the signal-to-noise ratio) below {@code lambdaMin}: cut off, the
     * cosine schedule stays finite.
     */
    static int countBelow(double lambdaMin, NoiseSchedule schedule) {
        int count = 0;
        for (float alphaCumprod : schedule.alphasCumprod()) {
            if (NoiseLevel.ofAlphaCumprod(alphaCumprod).lambda() < lambdaMin) {
                count++;
            }
        }
        return count;
    }
}
