package dev.aquarelle.ops.graph;

import dev.aquarelle.core.tensor.TensorException;

/**
 * Zeros around an image, in pixels.
 *
 * @param top rows above
 * @param left columns before
 * @param bottom rows below
 * @param right columns behind
 */
public record Padding(int top, int left, int bottom, int right) {
    /** No zeros at all. */
    public static final Padding NONE = new Padding(0, 0, 0, 0);

    /**
     * @throws TensorException if a side is negative
     */
    public Padding {
        if (top < 0 || left < 0 || bottom < 0 || right < 0) {
            throw new TensorException("padding must not be negative, found top %d, left %d, bottom %d, right %d"
                    .formatted(top, left, bottom, right));
        }
    }

    /** The same number of pixels on all four sides. */
    public static Padding all(int pixels) {
        return new Padding(pixels, pixels, pixels, pixels);
    }
}
