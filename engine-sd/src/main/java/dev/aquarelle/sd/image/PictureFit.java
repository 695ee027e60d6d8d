package dev.aquarelle.sd.image;

/** How a picture is brought to another size whose sides may be in another proportion; the web UI's "resize modes". */
public enum PictureFit {
    /** Stretched or squeezed, whatever that does to the proportions. */
    STRETCH,
    /** As large as it takes to cover the size; what is too much is cut off on both sides. */
    CROP,
    /** As large as the size has room for; the bars beside it are the stretched edges. */
    FILL;

    /** {@link #fit(Image, int, int, Resampling)} by Lanczos' filter. */
    public Image fit(Image image, int width, int height) {
        return fit(image, width, height, Resampling.LANCZOS);
    }

    /**
     * The picture in another size.
     *
     * @throws IllegalArgumentException if a side is not positive
     */
    public Image fit(Image image, int width, int height, Resampling filter) {
        if (width == image.width() && height == image.height()) {
            return image;
        }
        if (this == STRETCH || width <= 0 || height <= 0) {
            return filter.resize(image, width, height);
        }
        boolean isWider = (long) width * image.height() > (long) image.width() * height; // the size, than the picture
        boolean byWidth = (this == CROP) == isWider;
        int w = byWidth ? width : (int) Math.max(1, (long) image.width() * height / image.height());
        int h = byWidth ? (int) Math.max(1, (long) image.height() * width / image.width()) : height;
        return Canvas.EDGE.extended(filter.resize(image, w, h), width, height, width / 2 - w / 2, height / 2 - h / 2);
    }
}
