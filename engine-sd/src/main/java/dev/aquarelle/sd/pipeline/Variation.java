package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.random.Generator;
import dev.aquarelle.core.tensor.Tensor;

/**
 * A seed's noise turned towards that of another seed, so that the picture becomes a variation of the first one's: spherical interpolation
 * (Shoemake 1985), which keeps the length that noise has to have. As the web UI does it, each column of each channel is turned by itself,
 * and noises that hardly differ are mixed on the straight line between them.
 *
 * @param own draws the seed's noise
 * @param other draws that of the other seed
 * @param strength how far: 0 for the first, 1 for the other
 */
record Variation(Generator own, Generator other, double strength) implements Generator {
    /** The cosine of two columns from which on their angle is too small to divide by its sine. */
    private static final double NEARLY_PARALLEL = 0.9995;

    /** One draw of each, {@code [1, C, h, w]}. */
    @Override
    public Tensor randn(int... dims) {
        float[] low = own.randn(dims).toFloatArray();
        float[] high = other.randn(dims).toFloatArray();
        int height = dims[2];
        int width = dims[3];
        double[] cosines = new double[dims[1] * width];
        double sum = 0;
        for (int i = 0; i < cosines.length; i++) {
            cosines[i] = cosine(low, high, i / width * height * width + i % width, width, height);
            sum += cosines[i];
        }
        boolean straight = sum / cosines.length > NEARLY_PARALLEL;
        for (int i = 0; i < cosines.length; i++) {
            double omega = StrictMath.acos(Math.clamp(cosines[i], -1, 1));
            double sine = StrictMath.sin(omega);
            boolean line = straight || sine == 0;
            double ofLow = line ? 1 - strength : StrictMath.sin((1 - strength) * omega) / sine;
            double ofHigh = line ? strength : StrictMath.sin(strength * omega) / sine;
            int at = i / width * height * width + i % width;
            for (int y = 0; y < height; y++, at += width) {
                low[at] = (float) (ofLow * low[at] + ofHigh * high[at]);
            }
        }
        return Tensor.of(low, dims);
    }

    private static double cosine(float[] low, float[] high, int from, int step, int count) {
        double ofBoth = 0;
        double ofLow = 0;
        double ofHigh = 0;
        int at = from;
        for (int i = 0; i < count; i++, at += step) {
            ofBoth += (double) low[at] * high[at];
            ofLow += (double) low[at] * low[at];
            ofHigh += (double) high[at] * high[at];
        }
        return ofBoth / Math.sqrt(ofLow * ofHigh);
    }
}
