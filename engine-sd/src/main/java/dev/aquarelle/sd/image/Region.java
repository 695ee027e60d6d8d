package dev.aquarelle.sd.image;

/**
 * A rectangle of a picture's pixels.
 *
 * @param left its first column
 * @param top its first row
 * @param right the first column beside it
 * @param bottom the first row below it
 */
public record Region(int left, int top, int right, int bottom) {
    /**
     * @throws IllegalArgumentException if there is no pixel in it
     */
    public Region {
        if (left < 0 || top < 0 || right <= left || bottom <= top) {
            throw new IllegalArgumentException("region: expected pixels between left and right, top and bottom, found"
                    + " %d to %d, %d to %d".formatted(left, right, top, bottom));
        }
    }

    /** Pixels in a row. */
    public int width() {
        return right - left;
    }

    /** Rows. */
    public int height() {
        return bottom - top;
    }

    /** With so many pixels more on each side, as far as the picture goes. */
    public Region padded(int pixels, Image picture) {
        return new Region(
                Math.max(left - pixels, 0),
                Math.max(top - pixels, 0),
                Math.min(right + pixels, picture.width()),
                Math.min(bottom + pixels, picture.height()));
    }

    /**
     * Wider or higher, until it has the proportions of a size to the pixel or the picture ends: on both sides alike, and more on the one where
     * there is room. It is the rectangle that diffusers' {@code get_crop_region} and the web UI's {@code expand_crop_region} give.
     */
    public Region inProportion(int width, int height, Image picture) {
        double ratio = (double) width / height;
        if ((double) width() / height() > ratio) {
            int rows = height() + (int) (width() / ratio - height());
            int first = first(top, height(), rows, picture.height());
            return new Region(left, first, right, Math.min(first + rows, picture.height()));
        }
        int columns = width() + (int) (height() * ratio - width());
        int first = first(left, width(), columns, picture.width());
        return new Region(first, top, Math.min(first + columns, picture.width()), bottom);
    }

    private static int first(int from, int length, int grown, int limit) {
        return Math.max(0, Math.min(from - (grown - length) / 2, limit - grown));
    }

    /** The pixels of a picture in it. */
    public Image cut(Image picture) {
        return Canvas.EDGE.extended(picture, width(), height(), -left, -top);
    }

    /**
     * A picture with other pixels in it.
     *
     * @param part of the rectangle's size
     * @throws IllegalArgumentException if it is of another size, or the rectangle is not within the picture
     */
    public Image replaced(Image picture, Image part) {
        if (part.width() != width() || part.height() != height()) {
            throw new IllegalArgumentException(
                    "region: expected a picture of %d x %d pixels, found %s".formatted(width(), height(), part));
        }
        if (right > picture.width() || bottom > picture.height()) {
            throw new IllegalArgumentException("region: expected one within the %s, found %s".formatted(picture, this));
        }
        byte[] rgb = picture.toByteArray();
        for (int y = 0; y < height(); y++) {
            int to = 3 * ((top + y) * picture.width() + left);
            System.arraycopy(part.bytes(), 3 * y * width(), rgb, to, 3 * width());
        }
        return Image.of(picture.width(), picture.height(), rgb);
    }
}
