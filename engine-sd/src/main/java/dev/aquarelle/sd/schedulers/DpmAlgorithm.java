package dev.aquarelle.sd.schedulers;

import java.util.function.DoubleUnaryOperator;

/**
 * The exponential integrators of DPM-Solver (Lu et al. 2022, arXiv:2206.00927) and DPM-Solver++ (arXiv:2211.01095): what a step of
 * length h in lambda makes of the sample, of the model's prediction D0 and of its differences D1 and D2. The "++" ones integrate the
 * predicted clean sample, the others the predicted noise; the SDE ones add noise.
 */
enum DpmAlgorithm {
    DPMSOLVER("dpmsolver"),
    DPMSOLVER_PLUS_PLUS("dpmsolver++"),
    SDE_DPMSOLVER("sde-dpmsolver"),
    SDE_DPMSOLVER_PLUS_PLUS("sde-dpmsolver++");

    private final String key;

    DpmAlgorithm(String key) {
        this.key = key;
    }

    /** The name in configuration files: {@code algorithm_type}. */
    String key() {
        return key;
    }

    boolean predictsOriginal() {
        return this == DPMSOLVER_PLUS_PLUS || this == SDE_DPMSOLVER_PLUS_PLUS;
    }

    boolean addsNoise() {
        return this == SDE_DPMSOLVER || this == SDE_DPMSOLVER_PLUS_PLUS;
    }

    /** The weight of the sample the step starts from. */
    double ofSample(NoiseLevel from, NoiseLevel to, double h) {
        return switch (this) {
            case DPMSOLVER, SDE_DPMSOLVER -> to.signal() / from.signal();
            case DPMSOLVER_PLUS_PLUS -> to.noise() / from.noise();
            case SDE_DPMSOLVER_PLUS_PLUS -> to.noise() / from.noise() * StrictMath.exp(-h);
        };
    }

    /** The weight of D0. */
    double ofPrediction(NoiseLevel to, double h) {
        return switch (this) {
            case DPMSOLVER -> -to.noise() * StrictMath.expm1(h);
            case DPMSOLVER_PLUS_PLUS -> -to.signal() * StrictMath.expm1(-h);
            case SDE_DPMSOLVER -> -2 * to.noise() * StrictMath.expm1(h);
            case SDE_DPMSOLVER_PLUS_PLUS -> -to.signal() * StrictMath.expm1(-2 * h);
        };
    }

    /** The weight of D1 in the form that looks at the middle of the step. */
    double ofDifferenceByMidpoint(NoiseLevel to, double h) {
        return 0.5 * ofPrediction(to, h);
    }

    /** The weight of D1 in the form that looks at the end of the step, and in all forms of third order. */
    double ofDifferenceByHeun(NoiseLevel to, double h) {
        return switch (this) {
            case DPMSOLVER -> -to.noise() * orLimit(h, 0, x -> StrictMath.expm1(x) / x - 1);
            case DPMSOLVER_PLUS_PLUS -> to.signal() * orLimit(h, 0, x -> StrictMath.expm1(-x) / x + 1);
            case SDE_DPMSOLVER -> -2 * to.noise() * orLimit(h, 0, x -> StrictMath.expm1(x) / x - 1);
            case SDE_DPMSOLVER_PLUS_PLUS -> to.signal() * orLimit(2 * h, 0, x -> StrictMath.expm1(-x) / x + 1);
        };
    }

    /**
     * The weight of D2.
     *
     * @throws SchedulerException for the noise-predicting SDE, which has none
     */
    double ofSecondDifference(NoiseLevel to, double h) {
        return switch (this) {
            case DPMSOLVER -> -to.noise() * orLimit(h, 0, x -> (StrictMath.expm1(x) - x) / (x * x) - 0.5);
            case DPMSOLVER_PLUS_PLUS -> -to.signal() * orLimit(h, 0, x -> (StrictMath.expm1(-x) + x) / (x * x) - 0.5);
            case SDE_DPMSOLVER -> throw new SchedulerException("algorithm_type sde-dpmsolver: there is no third order");
            case SDE_DPMSOLVER_PLUS_PLUS ->
                to.signal() * orLimit(2 * h, -1, x -> -(StrictMath.expm1(-x) + x) / (x * x) - 0.5);
        };
    }

    /** The weight of the noise. */
    double ofNoise(NoiseLevel to, double h) {
        return switch (this) {
            case DPMSOLVER, DPMSOLVER_PLUS_PLUS -> 0;
            case SDE_DPMSOLVER -> to.noise() * Math.sqrt(StrictMath.expm1(2 * h));
            case SDE_DPMSOLVER_PLUS_PLUS -> to.noise() * Math.sqrt(-StrictMath.expm1(-2 * h));
        };
    }

    /** A step of no length has the limit of its formula. */
    private static double orLimit(double x, double limit, DoubleUnaryOperator formula) {
        return x == 0 ? limit : formula.applyAsDouble(x);
    }

    /** The model's output as this algorithm integrates it: the clean sample, or the noise of the clipped clean sample. */
    float[] converted(NoiseLevel level, PredictionType type, Clipping clipping, Stepper.Call call) {
        if (predictsOriginal()) {
            return clipping.apply(level.originalSample(type, call.modelOutput, call.sample), call.batch);
        }
        float[] epsilon = level.epsilon(type, call.modelOutput, call.sample);
        if (!clipping.thresholding()) {
            return epsilon;
        }
        float[] original = level.originalSample(PredictionType.EPSILON, epsilon, call.sample);
        return level.epsilonOf(clipping.apply(original, call.batch), call.sample);
    }
}
