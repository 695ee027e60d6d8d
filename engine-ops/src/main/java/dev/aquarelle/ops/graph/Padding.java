package dev.aquarelle.ops.graph;

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

    /** The same number of pixels on all four sides. */
    public static Padding all(int pixels) {
        return new Padding(pixels, pixels, pixels, pixels);
    }
}
