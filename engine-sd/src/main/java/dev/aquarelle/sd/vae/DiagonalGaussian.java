package dev.aquarelle.sd.vae;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;

/**
 * Where the encoder says a picture's latents are: a mean and a variance for each, independent of each other.
 *
 * @param mean {@code [N, h, w, C]}
 * @param logvar logarithm of the variance, clamped to -30 to 20, {@code [N, h, w, C]}
 */
public record DiagonalGaussian(Tensor mean, Tensor logvar) {
    private static final float LEAST = -30;
    private static final float MOST = 20;

    /**
     * Takes the encoder's output apart: a copy.
     *
     * @param moments {@code [N, h, w, 2 C]}: means first
     */
    public static DiagonalGaussian of(Tensor moments) {
        Shape shape = moments.shape();
        if (shape.rank() == 0 || shape.last() % 2 != 0) {
            throw new TensorException("moments: expected an even number of channels, found " + shape);
        }
        int channels = shape.last() / 2;
        float[] all = moments.toFloatArray();
        float[] mean = new float[all.length / 2];
        float[] logvar = new float[all.length / 2];
        for (int i = 0; i < mean.length; i++) {
            int at = i / channels * 2 * channels + i % channels;
            mean[i] = all[at];
            logvar[i] = Math.clamp(all[at + channels], LEAST, MOST);
        }
        int[] dims = shape.withLast(channels).dims();
        return new DiagonalGaussian(Tensor.of(mean, dims), Tensor.of(logvar, dims));
    }

    /** The standard deviations, {@code exp(logvar / 2)}. */
    public Tensor std() {
        float[] std = logvar.toFloatArray();
        for (int i = 0; i < std.length; i++) {
            std[i] = (float) StrictMath.exp(0.5f * std[i]);
        }
        return Tensor.of(std, mean.shape().dims());
    }

    /** {@code mean + std * noise}, with standard normal noise of the mean's shape. */
    public Tensor sample(Tensor noise) {
        if (!noise.shape().equals(mean.shape())) {
            throw new TensorException("noise: expected %s, found %s".formatted(mean.shape(), noise.shape()));
        }
        float[] sample = std().toFloatArray();
        for (int i = 0; i < sample.length; i++) {
            sample[i] = mean.getFloat(i) + sample[i] * noise.getFloat(i);
        }
        return Tensor.of(sample, mean.shape().dims());
    }
}
