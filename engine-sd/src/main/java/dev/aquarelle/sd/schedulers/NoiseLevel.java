package dev.aquarelle.sd.schedulers;

/**
 * One point of the forward process, {@code x = signal * x0 + noise * epsilon}, and what a model's prediction there means. The
 * variance-preserving samplers have {@code signal^2 + noise^2 = 1}, the variance-exploding ones a signal of 1.
 */
record NoiseLevel(double signal, double noise) {

    static NoiseLevel ofAlphaCumprod(double alphaCumprod) {
        return new NoiseLevel(Math.sqrt(alphaCumprod), Math.sqrt(1 - alphaCumprod));
    }

    /** Karras' form: the sample is not scaled, the noise has the standard deviation sigma. */
    static NoiseLevel exploding(double sigma) {
        return new NoiseLevel(1, sigma);
    }

    /** The variance-preserving form of the same ratio of noise to signal. */
    static NoiseLevel preserving(double sigma) {
        double signal = 1 / Math.sqrt(sigma * sigma + 1);
        return new NoiseLevel(signal, sigma * signal);
    }

    /** A straight line from data to noise. */
    static NoiseLevel flow(double sigma) {
        return new NoiseLevel(1 - sigma, sigma);
    }

    /** Half the logarithm of the signal-to-noise ratio; infinite for a clean sample. */
    double lambda() {
        return StrictMath.log(signal) - StrictMath.log(noise);
    }

    /** The clean sample that a model's output implies. */
    float[] originalSample(PredictionType type, float[] modelOutput, float[] x) {
        return switch (type) {
            case EPSILON ->
                Terms.of(1 / signal, x).plus(-noise / signal, modelOutput).sum();
            case SAMPLE -> modelOutput;
            case V_PREDICTION -> {
                double power = signal * signal + noise * noise;
                yield Terms.of(signal / power, x)
                        .plus(-noise / Math.sqrt(power), modelOutput)
                        .sum();
            }
            case FLOW_PREDICTION -> Terms.of(1, x).plus(-noise, modelOutput).sum();
        };
    }

    /** The noise that a model's output implies. */
    float[] epsilon(PredictionType type, float[] modelOutput, float[] x) {
        return switch (type) {
            case EPSILON -> modelOutput;
            case SAMPLE -> epsilonOf(modelOutput, x);
            case V_PREDICTION -> {
                double power = signal * signal + noise * noise;
                yield Terms.of(signal / Math.sqrt(power), modelOutput)
                        .plus(noise / power, x)
                        .sum();
            }
            case FLOW_PREDICTION -> Terms.of(1, x).plus(1 - noise, modelOutput).sum();
        };
    }

    /** The noise between a clean sample and a noisy one. */
    float[] epsilonOf(float[] originalSample, float[] x) {
        return Terms.of(1 / noise, x).plus(-signal / noise, originalSample).sum();
    }
}
