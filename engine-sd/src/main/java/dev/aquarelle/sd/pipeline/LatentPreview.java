package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.random.TorchCpuGenerator;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.image.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Colors of latents without the decoder: red, green and blue as weighted sums of a latent's channels. The weights are the least squares
 * fit to what the model's own decoder makes of random patches, so they suit any autoencoder.
 */
final class LatentPreview {
    /** Latents along a side of the pictures that are fitted to, and of the even patches in them. */
    private static final int SIDE = 16;

    private static final int PATCH = 4;

    /** Patches in a row. */
    private static final int PATCHES = SIDE / PATCH;

    /** As many patches for each weight, so that noise of the fit averages out. */
    private static final int PATCHES_A_WEIGHT = 3;

    /** Weights of each color, the last one of the constant 1. */
    private final double[][] weights;

    private LatentPreview(double[][] weights) {
        this.weights = weights;
    }

    /**
     * Fits the weights.
     *
     * @param channels of the latents
     * @param decoder from latents {@code [1, h, w, channels]} to a picture {@code [1, 8 h, 8 w, 3]}, which may be overwritten by the next one
     */
    static LatentPreview fit(int channels, UnaryOperator<Tensor> decoder) {
        TorchCpuGenerator random = new TorchCpuGenerator(1);
        double[][] normal = new double[channels + 1][channels + 1 + 3];
        int pictures =
                Math.ceilDiv(PATCHES_A_WEIGHT * (channels + 1), PATCHES * PATCHES); // one for 4 channels, four for 16
        for (int i = 0; i < pictures; i++) {
            float[] colors = random.randn(PATCHES, PATCHES, channels).toFloatArray();
            addEquations(normal, colors, decoder.apply(patches(colors, channels)));
        }
        return new LatentPreview(solve(normal));
    }

    /** The latents that are decoded for a fit. */
    static Shape patches(int channels) {
        return Shape.of(1, SIDE, SIDE, channels);
    }

    /** Latents {@code [1, SIDE, SIDE, channels]} of even patches. */
    private static Tensor patches(float[] colors, int channels) {
        float[] latents = new float[SIDE * SIDE * channels];
        for (int i = 0; i < latents.length; i++) {
            int x = i / channels % SIDE;
            int y = i / channels / SIDE;
            latents[i] = colors[(y / PATCH * PATCHES + x / PATCH) * channels + i % channels];
        }
        return Tensor.of(latents, 1, SIDE, SIDE, channels);
    }

    /** Adds what each patch says to the normal equations, a right side for each color. */
    private static void addEquations(double[][] normal, float[] colors, Tensor picture) {
        int channels = normal.length - 1;
        for (int p = 0; p < PATCHES * PATCHES; p++) {
            double[] row = new double[channels + 1 + 3];
            for (int c = 0; c < channels; c++) {
                row[c] = colors[p * channels + c];
            }
            row[channels] = 1;
            for (int color = 0; color < 3; color++) {
                row[channels + 1 + color] = middle(picture, p % PATCHES, p / PATCHES, color);
            }
            for (int i = 0; i <= channels; i++) {
                for (int j = 0; j < row.length; j++) {
                    normal[i][j] += row[i] * row[j];
                }
            }
        }
    }

    /** The mean of a patch's inner quarter. */
    private static double middle(Tensor picture, int patchX, int patchY, int color) {
        int side = picture.shape().dim(1) / PATCHES;
        double sum = 0;
        for (int y = side / 4; y < side * 3 / 4; y++) {
            for (int x = side / 4; x < side * 3 / 4; x++) {
                int pixel = (patchY * side + y) * picture.shape().dim(2) + patchX * side + x;
                sum += picture.getFloat(3L * pixel + color);
            }
        }
        int count = side * 3 / 4 - side / 4;
        return sum / count / count;
    }

    /** Gauss-Jordan elimination; a little is added to the diagonal, so that there always is a solution. */
    private static double[][] solve(double[][] a) {
        int n = a.length;
        for (int i = 0; i < n; i++) {
            a[i][i] += 1e-3;
        }
        for (int i = 0; i < n; i++) {
            for (int row = 0; row < n; row++) {
                double factor = row == i ? 0 : a[row][i] / a[i][i];
                for (int j = i; factor != 0 && j < a[i].length; j++) {
                    a[row][j] -= factor * a[i][j];
                }
            }
        }
        double[][] solution = new double[3][n];
        for (int color = 0; color < 3; color++) {
            for (int i = 0; i < n; i++) {
                solution[color][i] = a[i][n + color] / a[i][i];
            }
        }
        return solution;
    }

    /** The weights of a color for each channel, and for the constant 1. */
    double[] weights(int color) {
        return weights[color].clone();
    }

    /** A picture of {@code w x h} pixels for each of the latents {@code [N, h, w, C]}. */
    List<Image> of(Tensor latents) {
        List<Image> images = new ArrayList<>();
        Shape shape = latents.shape();
        for (int n = 0; n < shape.dim(0); n++) {
            float[] x = latents.slice(n, n + 1).toFloatArray();
            float[] rgb = new float[x.length / shape.last() * 3];
            for (int i = 0; i < rgb.length; i++) {
                double[] w = weights[i % 3];
                double sum = w[shape.last()];
                for (int c = 0; c < shape.last(); c++) {
                    sum += w[c] * x[i / 3 * shape.last() + c];
                }
                rgb[i] = (float) sum;
            }
            images.add(Image.fromTensor(Tensor.of(rgb, shape.dim(1), shape.dim(2), 3)));
        }
        return images;
    }
}
