package dev.aquarelle.sd.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a camera was held: what has to be done to its picture so that up is up (tag Orientation, Exif 2.32, 4.6.4). The constants lie in the order of the
 * tag's values, from 1 on.
 */
enum Orientation {
    UPRIGHT,
    MIRRORED,
    UPSIDE_DOWN,
    FLIPPED,
    TRANSPOSED,
    RIGHT,
    TRANSVERSED,
    LEFT;

    private static final int TAG = 0x0112;
    private static final int SHORT = 3;
    private static final int ENTRY = 12;
    private static final int TIFF = 42;
    private static final int LITTLE_ENDIAN = 0x4949;

    /**
     * What Exif data say.
     *
     * @param exif a TIFF block, as a whole TIFF file is one
     * @return {@link #UPRIGHT} if it is none, broken or without the tag
     */
    static Orientation of(ByteBuffer exif) {
        ByteBuffer tiff = exif.slice();
        if (tiff.limit() < 8) {
            return UPRIGHT;
        }
        tiff.order(tiff.getShort(0) == LITTLE_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        if (tiff.getShort(2) != TIFF) {
            return UPRIGHT;
        }
        long directory = Integer.toUnsignedLong(tiff.getInt(4));
        if (directory > tiff.limit() - Short.BYTES) {
            return UPRIGHT;
        }
        int entries = Short.toUnsignedInt(tiff.getShort((int) directory));
        for (int i = 0; i < entries; i++) {
            int at = (int) directory + Short.BYTES + i * ENTRY;
            if (at > tiff.limit() - ENTRY) {
                break;
            }
            if (Short.toUnsignedInt(tiff.getShort(at)) == TAG && tiff.getShort(at + 2) == SHORT) {
                int value = tiff.getShort(at + 8);
                return value >= 1 && value <= values().length ? values()[value - 1] : UPRIGHT;
            }
        }
        return UPRIGHT;
    }

    /** The picture with up as up. */
    Image turned(Image image) {
        if (this == UPRIGHT) {
            return image;
        }
        boolean lies = compareTo(TRANSPOSED) >= 0;
        int width = lies ? image.height() : image.width();
        int height = lies ? image.width() : image.height();
        byte[] rgb = new byte[3 * width * height];
        int at = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int right = width - 1 - x;
                int below = height - 1 - y;
                int color = switch (this) {
                    case UPRIGHT -> image.pixel(x, y);
                    case MIRRORED -> image.pixel(right, y);
                    case UPSIDE_DOWN -> image.pixel(right, below);
                    case FLIPPED -> image.pixel(x, below);
                    case TRANSPOSED -> image.pixel(y, x);
                    case RIGHT -> image.pixel(y, right);
                    case TRANSVERSED -> image.pixel(below, right);
                    case LEFT -> image.pixel(below, x);
                };
                rgb[at++] = (byte) (color >> 16);
                rgb[at++] = (byte) (color >> 8);
                rgb[at++] = (byte) color;
            }
        }
        return Image.of(width, height, rgb);
    }
}
