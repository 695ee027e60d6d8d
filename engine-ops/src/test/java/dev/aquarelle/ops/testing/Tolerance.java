package dev.aquarelle.ops.testing;

/**
 * How far an F32 result may be from one computed in double: {@code |a - e| <= absolute + relative * |e| + ofRms * rms(expected)}.
 *
 * @param ofRms in units of the expected tensor's root mean square, for sums: terms cancel, so that an element's error has the size
 *     of its terms, not its own
 */
public record Tolerance(double absolute, double relative, double ofRms) {
    /** Half a unit in the last place of 1. */
    private static final double ROUNDING = 0x1p-24;

    /** Numerically equal, element by element. */
    public static final Tolerance EXACT = new Tolerance(0, 0, 0);

    /**
     * Of sums of {@code terms} products of similar size: the roundings of a sum make a random walk, so their size grows with the
     * square root of its length; four times that leaves room for the largest of many elements.
     */
    public static Tolerance forSumOf(long terms) {
        return new Tolerance(0, 4 * ROUNDING, (8 + 4 * Math.sqrt((double) terms)) * ROUNDING);
    }

    /**
     * Of 3x3 convolutions that a backend may compute by F(4x4, 3x3): a pixel is a combination of 36 sums over the channels, the corner of a tile of
     * those that vary most. With A, G and B of the transforms, its terms are larger than those of a direct sum by
     * {@code sum over p of A[jp]^2 |G[p]|^2 |B[p]|^2 / 3}, 7.125 at the points 0, ±1/√2, ±√2.
     */
    public static Tolerance forTilesOf(long channels) {
        return forSumOf(channels).times(7.125);
    }

    /** Of functions of one number, with the limits that the golden files set for activations. */
    public static Tolerance forActivation() {
        return new Tolerance(2e-7, 2e-6, 0);
    }

    /** A number of units that the expected values do not hint at: a rounding of a large mean, for example. */
    public static Tolerance absolute(double limit) {
        return new Tolerance(limit, 4 * ROUNDING, 0);
    }

    /** The same, wider. */
    public Tolerance times(double factor) {
        return new Tolerance(absolute * factor, relative * factor, ofRms * factor);
    }
}
