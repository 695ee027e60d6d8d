package dev.aquarelle.sd.schedulers;

/** Quantiles of the beta distribution, for {@link SigmaSpacing#BETA}; the same bits on every machine. */
final class BetaDistribution {
    private static final int FRACTION_TERMS = 400;
    private static final double TINY = 1e-300;

    /** Lanczos' approximation of the gamma function with g = 7 and 9 terms. */
    private static final double[] LANCZOS = {
        0.9999999999998099,
        676.5203681218851,
        -1259.1392167224028,
        771.3234287776531,
        -176.6150291621406,
        12.507343278686905,
        -0.13857109526572012,
        9.984369578019572e-6,
        1.5056327351493116e-7
    };

    private BetaDistribution() {}

    /** The x in [0, 1] below which the probability is {@code p}, by bisection: to the last bits of a double. */
    static double quantile(double p, double a, double b) {
        if (p <= 0) {
            return 0;
        }
        if (p >= 1) {
            return 1;
        }
        double low = 0;
        double high = 1;
        double middle = 0.5;
        while (middle > low && middle < high) {
            if (probabilityBelow(middle, a, b) < p) {
                low = middle;
            } else {
                high = middle;
            }
            middle = low + (high - low) / 2;
        }
        return middle;
    }

    /** The regularized incomplete beta function. */
    static double probabilityBelow(double x, double a, double b) {
        if (x > (a + 1) / (a + b + 2)) { // where the fraction converges slowly, its mirror image converges fast
            return 1 - probabilityBelow(1 - x, b, a);
        }
        double front = StrictMath.exp(
                a * StrictMath.log(x) + b * StrictMath.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b));
        return front * fraction(x, a, b) / a;
    }

    /** The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method. */
    private static double fraction(double x, double a, double b) {
        double c = 1;
        double d = 1 / nonZero(1 - (a + b) * x / (a + 1));
        double result = d;
        for (int m = 1; m < FRACTION_TERMS; m++) {
            double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / nonZero(1 + even * d);
            c = nonZero(1 + even / c);
            result *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / nonZero(1 + odd * d);
            c = nonZero(1 + odd / c);
            double factor = d * c;
            result *= factor;
            if (Math.abs(factor - 1) < 1e-16) {
                break;
            }
        }
        return result;
    }

    private static double nonZero(double value) {
        return Math.abs(value) < TINY ? TINY : value;
    }

    private static double logGamma(double x) {
        double sum = LANCZOS[0];
        for (int i = 1; i < LANCZOS.length; i++) {
            sum += LANCZOS[i] / (x - 1 + i);
        }
        double t = x + 6.5;
        return 0.5 * StrictMath.log(2 * Math.PI) + (x - 0.5) * StrictMath.log(t) - t + StrictMath.log(sum);
    }
}
