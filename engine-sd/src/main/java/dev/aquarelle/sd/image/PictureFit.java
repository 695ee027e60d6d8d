package dev.aquarelle.sd.image;

/** How a picture is brought to another size whose sides may be in another proportion; the web UI's "resize modes". */
public enum PictureFit {
    /** Stretched or squeezed, whatever that does to the proportions. */
    STRETCH,
    /** As large as it takes to cover the size; what is too much is cut off on both sides. */
    CROP,
    /** As large as the size has room for; the bars beside it go on from its edges. */
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
        Image resized = filter.resize(image, w, h);
        int left = width / 2 - w / 2;
        int top = height / 2 - h / 2;
        if (this == CROP) {
            return Canvas.EDGE.extended(resized, width, height, left, top);
        }
        return w < width
                ? Canvas.EDGE.extended(betweenColumns(resized), width, height, left - 1, top)
                : Canvas.EDGE.extended(betweenRows(resized), width, height, left, top - 1);
    }

    /** The picture between the columns that are stretched on both sides of it: of bicubic interpolation, whatever the filter. */
    private static Image betweenColumns(Image image) {
        int width = image.width();
        int height = image.height();
        Image wide = Canvas.EDGE.extended(image, width + 2, height, 1, 0);
        Image left = new Region(0, 0, 1, height).replaced(wide, Resampling.BICUBIC.column(image, 0));
        return new Region(width + 1, 0, width + 2, height).replaced(left, Resampling.BICUBIC.column(image, width));
    }

    private static Image betweenRows(Image image) {
        int width = image.width();
        int height = image.height();
        Image high = Canvas.EDGE.extended(image, width, height + 2, 0, 1);
        Image top = new Region(0, 0, width, 1).replaced(high, Resampling.BICUBIC.row(image, 0));
        return new Region(0, height + 1, width, height + 2).replaced(top, Resampling.BICUBIC.row(image, height));
    }
}
