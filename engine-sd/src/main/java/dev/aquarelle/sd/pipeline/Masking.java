package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.image.Image;

/**
 * A mask over a picture and over its latents.
 *
 * @param mask {@code [1, H, W, 1]}: 1 where the picture is painted anew, else 0
 * @param scale pixels for each latent, along a side
 */
record Masking(Tensor mask, int scale) {

    /** The mask that a picture is {@code [1, H, W, 1]}: 1 where it is brighter than half, as Pillow's weights of the colors have it. */
    static Tensor of(Image picture) {
        float[] values = new float[picture.width() * picture.height()];
        for (int i = 0; i < values.length; i++) {
            values[i] = picture.luma(i % picture.width(), i / picture.width()) >= 128 ? 1 : 0;
        }
        return Tensor.of(values, 1, picture.height(), picture.width(), 1);
    }

    /** Every latent has the mask of its first pixel {@code [1, h, w, 1]}: diffusers' nearest neighbour. */
    Tensor ofLatents() {
        Shape shape = mask.shape();
        int height = shape.dim(1) / scale;
        int width = shape.dim(2) / scale;
        float[] values = new float[height * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = mask.getFloat((long) i / width * scale * shape.dim(2) + (long) i % width * scale);
        }
        return Tensor.of(values, 1, height, width, 1);
    }

    /** Whether no latent is painted anew. */
    boolean isEmpty() {
        for (float value : ofLatents().toFloatArray()) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    /** A picture {@code [1, H, W, 3]} with grey where it is painted anew. */
    Tensor blanked(Tensor picture) {
        float[] values = picture.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = mask.getFloat(i / 3) < 0.5f ? values[i] : 0;
        }
        return Tensor.of(values, picture.shape().dims());
    }

    /**
     * Two images {@code [N, h, w, C]} in one.
     *
     * @param mask {@code [N, h, w, 1]}: 1 for {@code painted}, 0 for {@code kept}
     */
    static Tensor blended(Tensor mask, Tensor painted, Tensor kept) {
        float[] values = painted.toFloatArray();
        float[] other = kept.toFloatArray();
        int channels = painted.shape().last();
        for (int i = 0; i < values.length; i++) {
            float m = mask.getFloat(i / channels);
            values[i] = (1 - m) * other[i] + m * values[i];
        }
        return Tensor.of(values, painted.shape().dims());
    }
}
