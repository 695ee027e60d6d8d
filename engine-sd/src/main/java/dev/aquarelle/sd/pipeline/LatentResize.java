package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;

/**
 * Latents in another size, as {@code torch.nn.functional.interpolate} makes them with a size and no {@code align_corners}. Sums are in one
 * order, columns before rows, in single precision.
 */
public enum LatentResize {
    /** Between the two nearest on each side. */
    BILINEAR("Latent", 1, false) {
        @Override
        double weight(double x) {
            return Math.max(1 - Math.abs(x), 0);
        }
    },
    /** The same with weights that always make one; other than {@link #BILINEAR} where it is made smaller. */
    BILINEAR_ANTIALIASED("Latent (antialiased)", 1, true) {
        @Override
        double weight(double x) {
            return Math.max(1 - Math.abs(x), 0);
        }
    },
    /** Keys' cubic convolution with a = -0.75, beyond the edges their last value. */
    BICUBIC("Latent (bicubic)", 2, false) {
        @Override
        double weight(double x) {
            return cubic(x, -0.75);
        }
    },
    /** Keys' cubic convolution with a = -0.5, within the edges alone. */
    BICUBIC_ANTIALIASED("Latent (bicubic antialiased)", 2, true) {
        @Override
        double weight(double x) {
            return cubic(x, -0.5);
        }
    },
    /** The one that the upper left corner lies in. */
    NEAREST("Latent (nearest)", 0, false) {
        @Override
        double weight(double x) {
            return 1;
        }
    },
    /** The one that the middle lies in. */
    NEAREST_EXACT("Latent (nearest-exact)", 0, false) {
        @Override
        double weight(double x) {
            return 1;
        }
    };

    private final String title;
    private final int support;
    private final boolean antialiased;

    LatentResize(String title, int support, boolean antialiased) {
        this.title = title;
        this.support = support;
        this.antialiased = antialiased;
    }

    /** The web UI's name. */
    public String title() {
        return title;
    }

    /** How much a value counts at this distance. */
    abstract double weight(double distance);

    private static double cubic(double x, double a) {
        double d = Math.abs(x);
        if (d < 1) {
            return ((a + 2) * d - (a + 3)) * d * d + 1;
        }
        return d < 2 ? ((d - 5) * d + 8) * d * a - 4 * a : 0;
    }

    /**
     * Latents in another size.
     *
     * @param latents {@code [N, h, w, C]}
     * @return {@code [N, height, width, C]}, a new tensor on the heap
     */
    public Tensor resize(Tensor latents, int height, int width) {
        int n = latents.shape().dim(0);
        int h = latents.shape().dim(1);
        int w = latents.shape().dim(2);
        int c = latents.shape().dim(3);
        float[] wide = along(latents.toFloatArray(), n * h, c, taps(w, width), w);
        float[] large = along(wide, n, width * c, taps(h, height), h);
        return Tensor.of(large, n, height, width, c);
    }

    /** Which values of a line, and how much of each, become one. */
    private static final class Taps {
        private final int[][] from;
        private final float[][] weights;

        Taps(int[][] from, float[][] weights) {
            this.from = from;
            this.weights = weights;
        }
    }

    private Taps taps(int in, int out) {
        int[][] from = new int[out][];
        float[][] weights = new float[out][];
        float scale = (float) in / out;
        for (int i = 0; i < out; i++) {
            if (support == 0) {
                float at = this == NEAREST ? i * scale : (i + 0.5f) * scale;
                from[i] = new int[] {Math.min((int) at, in - 1)};
                weights[i] = new float[] {1};
            } else if (antialiased) {
                antialias(i, in, scale, from, weights);
            } else {
                interpolate(i, in, scale, from, weights);
            }
        }
        return new Taps(from, weights);
    }

    private void interpolate(int i, int in, float scale, int[][] from, float[][] weights) {
        float center = scale * (i + 0.5f) - 0.5f;
        float at = support == 1 ? Math.max(center, 0) : center;
        int first = (int) Math.floor(at);
        from[i] = new int[2 * support];
        weights[i] = new float[2 * support];
        for (int k = 0; k < 2 * support; k++) {
            int tap = first + 1 - support + k;
            from[i][k] = Math.clamp(tap, 0, in - 1);
            weights[i][k] = (float) weight(tap - at);
        }
    }

    private void antialias(int i, int in, float scale, int[][] from, float[][] weights) {
        float stretch = Math.max(scale, 1);
        float reach = support * stretch;
        float center = scale * (i + 0.5f);
        int begin = Math.max((int) (center - reach + 0.5f), 0);
        int end = Math.min((int) (center + reach + 0.5f), in);
        from[i] = new int[end - begin];
        weights[i] = new float[end - begin];
        double sum = 0;
        for (int k = 0; k < end - begin; k++) {
            from[i][k] = begin + k;
            weights[i][k] = (float) weight((begin + k - center + 0.5) / stretch);
            sum += weights[i][k];
        }
        for (int k = 0; k < end - begin; k++) {
            weights[i][k] = (float) (weights[i][k] / sum);
        }
    }

    /** {@code [lines, length, each]} as {@code [lines, taps, each]}. */
    private static float[] along(float[] in, int lines, int each, Taps taps, int length) {
        int out = taps.from.length;
        float[] result = new float[Math.toIntExact((long) lines * out * each)];
        for (int line = 0; line < lines; line++) {
            for (int i = 0; i < out; i++) {
                int to = (line * out + i) * each;
                for (int k = 0; k < taps.from[i].length; k++) {
                    int at = (line * length + taps.from[i][k]) * each;
                    float weight = taps.weights[i][k];
                    for (int e = 0; e < each; e++) {
                        result[to + e] += weight * in[at + e];
                    }
                }
            }
        }
        return result;
    }
}
