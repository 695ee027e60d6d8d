package dev.aquarelle.sd.image;

/** What lies around a picture on a larger canvas. */
public enum Canvas {
    /** The pixels of its edge, stretched. */
    EDGE {
        @Override
        int source(int at, int size) {
            return Math.clamp(at, 0, size - 1);
        }
    },
    /** The picture in mirrors: the pixels at its edge come twice. */
    MIRROR {
        @Override
        int source(int at, int size) {
            int phase = Math.floorMod(at, 2 * size);
            return phase < size ? phase : 2 * size - 1 - phase;
        }
    };

    /** Which pixel of a line of the picture lies at a place of the canvas, counted from the picture's first. */
    abstract int source(int at, int size);

    /**
     * A canvas with the picture on it.
     *
     * @param left where the picture's first column lies, below 0 if some are cut off
     * @param top where its first row lies
     * @throws IllegalArgumentException if a side is not positive
     */
    public Image extended(Image image, int width, int height, int left, int top) {
        byte[] from = image.bytes();
        byte[] to = new byte[Math.toIntExact(3L * width * height)];
        for (int y = 0; y < height; y++) {
            int row = source(y - top, image.height()) * image.width();
            for (int x = 0; x < width; x++) {
                System.arraycopy(from, 3 * (row + source(x - left, image.width())), to, 3 * (y * width + x), 3);
            }
        }
        return Image.of(width, height, to);
    }
}
