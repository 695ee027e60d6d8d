package dev.aquarelle.ops.reference;

/** The standard normal distribution, which the exact GELU is made of. */
final class NormalDistribution {
    /** Below it the series, above it the continued fraction: there the series would cancel, here the fraction converge slowly. */
    private static final double TAIL = 1;

    private NormalDistribution() {}

    /**
     * The probability of a number below x: {@code (1 + erf(x / sqrt 2)) / 2}, to about 1e-15 of itself; in the lower tail too, where
     * that formula would cancel.
     */
    static double cumulative(double x) {
        if (Double.isNaN(x)) {
            return x;
        }
        if (x < -TAIL) {
            return upperTail(-x);
        }
        return x > TAIL ? 1 - upperTail(x) : 0.5 + centre(x);
    }

    /** From 0 to x: the density times {@code x + x^3/3 + x^5/(3*5) + ...}, whose terms have one sign. */
    private static double centre(double x) {
        double term = x;
        double sum = x;
        for (int i = 3; Math.abs(term) > 1e-17 * Math.abs(sum); i += 2) {
            term *= x * x / i;
            sum += term;
        }
        return density(x) * sum;
    }

    /** Above x > 0: the density times Laplace's continued fraction {@code 1/(x + 1/(x + 2/(x + 3/(x + ...))))}. */
    private static double upperTail(double x) {
        double fraction = x;
        int depth = 20 + (int) (400 / (x * x)); // found by trial: the next term changes nothing
        for (int i = depth; i > 0; i--) {
            fraction = x + i / fraction;
        }
        return density(x) / fraction;
    }

    private static double density(double x) {
        return StrictMath.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }
}
