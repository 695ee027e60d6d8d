package dev.aquarelle.sd.schedulers;

import java.util.function.DoubleUnaryOperator;

/** How the noise levels of a run lie between the largest and the smallest one. */
public enum SigmaSpacing {
    /** Those of the timesteps that are visited. */
    OF_TIMESTEPS("of the timesteps"),
    /** Dense at the clean end: equal distances of the 7th roots (Karras et al. 2022, arXiv:2206.00364, equation 5). */
    KARRAS("use_karras_sigmas"),
    /** Equal distances of the logarithms. */
    EXPONENTIAL("use_exponential_sigmas"),
    /** Equal distances of lambda, the log of the signal-to-noise ratio, which is the same; timesteps are rounded (Lu et al. 2022). */
    LU("use_lu_lambdas"),
    /** Quantiles of a beta distribution: dense at both ends (Lee et al. 2024, arXiv:2407.12173). */
    BETA("use_beta_sigmas");

    private static final double KARRAS_RHO = 7;
    private static final double BETA_SHAPE = 0.6;

    private final String key;

    SigmaSpacing(String key) {
        this.key = key;
    }

    /** The name in configuration files of the switch that chooses it. */
    public String key() {
        return key;
    }

    /**
     * {@code count} sigmas, falling from {@code max} to {@code min}.
     *
     * @throws IllegalStateException for {@link #OF_TIMESTEPS}, which does not depend on the ends
     */
    double[] between(double max, double min, int count) {
        return switch (this) {
            case OF_TIMESTEPS -> throw new IllegalStateException("the sigmas come from the timesteps");
            case KARRAS -> {
                double from = StrictMath.pow(max, 1 / KARRAS_RHO);
                double to = StrictMath.pow(min, 1 / KARRAS_RHO);
                yield mapped(Grid.linspace(0, 1, count), x -> StrictMath.pow(from + x * (to - from), KARRAS_RHO));
            }
            case EXPONENTIAL, LU -> evenLogarithms(StrictMath.log(max), StrictMath.log(min), count);
            case BETA ->
                mapped(
                        Grid.linspace(0, 1, count),
                        x -> min + BetaDistribution.quantile(1 - x, BETA_SHAPE, BETA_SHAPE) * (max - min));
        };
    }

    /** {@code count} sigmas with their logarithms at equal distances. */
    static double[] evenLogarithms(double logMax, double logMin, int count) {
        return mapped(Grid.linspace(logMax, logMin, count), StrictMath::exp);
    }

    private static double[] mapped(double[] values, DoubleUnaryOperator function) {
        for (int i = 0; i < values.length; i++) {
            values[i] = function.applyAsDouble(values[i]);
        }
        return values;
    }
}
