package dev.aquarelle.sd.pipeline;

/** How much of the picture an {@link Inpaint} paints in the request's size. */
public sealed interface InpaintArea {
    /** All of it, which then has the request's size. */
    InpaintArea WHOLE_PICTURE = new WholePicture();

    /** All of it. */
    record WholePicture() implements InpaintArea {}

    /**
     * What is around the mask: cut out, brought to the request's size, painted, brought back and laid over the original, which may be of any
     * size. A small part of a large picture is painted finely so.
     *
     * @param padding pixels of the picture on each side of the mask that are painted with it
     */
    record OnlyMasked(int padding) implements InpaintArea {
        /** As much as the web UI takes if it is not told. */
        public static final OnlyMasked USUAL = new OnlyMasked(32);

        /**
         * @throws IllegalArgumentException if the padding is negative or more than a picture can have
         */
        public OnlyMasked {
            if (padding < 0 || padding > TextToImage.LARGEST_SIDE) {
                throw new IllegalArgumentException(
                        "mask padding: expected 0 to %d pixels, found %d".formatted(TextToImage.LARGEST_SIDE, padding));
            }
        }
    }
}
