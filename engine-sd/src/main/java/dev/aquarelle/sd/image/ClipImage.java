package dev.aquarelle.sd.image;

import dev.aquarelle.core.tensor.Tensor;

/**
 * A picture as CLIP's image encoder takes it, after transformers' {@code CLIPImageProcessor}: the shorter side resized to the encoder's size,
 * the middle cut out, each channel less its mean and divided by its deviation over CLIP's training images.
 */
public final class ClipImage {
    private static final float[] MEAN = {0.48145467f, 0.4578275f, 0.40821072f};
    private static final float[] DEVIATION = {0.26862955f, 0.2613026f, 0.2757771f};
    private static final int LONGEST = 20; // times as long as wide
    private static final double FULL = 1 / 255.0;

    private ClipImage() {}

    /**
     * Gives {@code [1, size, size, 3]}.
     *
     * @throws IllegalArgumentException if the picture is so long that little of it would be left
     */
    public static Tensor pixelValues(Image image, int size) {
        int width = image.width();
        int height = image.height();
        if (Math.max(width, height) / Math.min(width, height) > LONGEST) {
            throw new IllegalArgumentException("%s is too long and narrow to be a prompt".formatted(image));
        }
        int longer = (int) ((long) size * Math.max(width, height) / Math.min(width, height));
        Image resized =
                Resampling.BICUBIC.resize(image, width <= height ? size : longer, width <= height ? longer : size);
        int left = (resized.width() - size) / 2;
        int top = (resized.height() - size) / 2;
        byte[] rgb = resized.bytes();
        float[] values = new float[3 * size * size];
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                for (int c = 0; c < 3; c++) {
                    int pixel = rgb[3 * ((top + y) * resized.width() + left + x) + c] & 0xFF;
                    float unit = (float) (pixel * FULL);
                    values[3 * (y * size + x) + c] = (unit - MEAN[c]) / DEVIATION[c];
                }
            }
        }
        return Tensor.of(values, 1, size, size, 3);
    }
}
