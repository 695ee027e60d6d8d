package dev.aquarelle.sd.image;

/** What a byte of a row is predicted from; the file has the difference. In the order of the numbers that the format gives them. */
enum PngFilter {
    NONE,
    SUB,
    UP,
    AVERAGE,
    PAETH;

    /** Bytes between a channel and the same of the pixel to the left: RGB. */
    private static final int PIXEL = 3;

    /** Writes row {@code y} of the pixels as differences into {@code row}; gives the sum of their absolute values. */
    long apply(byte[] pixels, int y, int stride, byte[] row) {
        long sum = 0;
        for (int x = 0; x < stride; x++) {
            row[x] = (byte) (pixels[y * stride + x] - predict(pixels, y, x, stride));
            sum += Math.abs(row[x]);
        }
        return sum;
    }

    /** Turns the differences of row {@code y}, {@code stride} bytes from {@code from} on, into pixels; the rows above are done. */
    void undo(byte[] filtered, int from, byte[] pixels, int y, int stride) {
        for (int x = 0; x < stride; x++) {
            pixels[y * stride + x] = (byte) (filtered[from + x] + predict(pixels, y, x, stride));
        }
    }

    private int predict(byte[] pixels, int y, int x, int stride) {
        int at = y * stride + x;
        int left = x >= PIXEL ? pixels[at - PIXEL] & 0xFF : 0;
        int up = y > 0 ? pixels[at - stride] & 0xFF : 0;
        return switch (this) {
            case NONE -> 0;
            case SUB -> left;
            case UP -> up;
            case AVERAGE -> (left + up) / 2;
            case PAETH -> paeth(left, up, x >= PIXEL && y > 0 ? pixels[at - stride - PIXEL] & 0xFF : 0);
        };
    }

    /** Whichever neighbour is nearest to {@code left + up - upLeft}. */
    private static int paeth(int left, int up, int upLeft) {
        int toLeft = Math.abs(up - upLeft);
        int toUp = Math.abs(left - upLeft);
        int toUpLeft = Math.abs(left + up - 2 * upLeft);
        if (toLeft <= toUp && toLeft <= toUpLeft) {
            return left;
        }
        return toUp <= toUpLeft ? up : upLeft;
    }
}
