package dev.aquarelle.sd.upscale;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.image.Image;

/** The picture a network looks at, mirrored at the right and the bottom to the size it asks for. */
final class SmallPicture {
    private final int width;
    private final int height;
    private final byte[] rgb;

    SmallPicture(Image image) {
        this.width = image.width();
        this.height = image.height();
        this.rgb = image.toByteArray();
    }

    /** The pixels of a tile as floats of 0 to 1: {@code [1, rows, columns, 3]}. */
    Tensor tile(Tiles.Span rows, Tiles.Span columns) {
        int tileHeight = rows.to() - rows.from();
        int tileWidth = columns.to() - columns.from();
        float[] pixels = new float[tileHeight * tileWidth * SuperResolution.COLORS];
        int at = 0;
        for (int y = rows.from(); y < rows.to(); y++) {
            for (int x = columns.from(); x < columns.to(); x++) {
                int pixel = SuperResolution.COLORS * (mirrored(y, height) * width + mirrored(x, width));
                for (int color = 0; color < SuperResolution.COLORS; color++) {
                    pixels[at++] = (rgb[pixel + color] & 0xFF) / 255f;
                }
            }
        }
        return Tensor.of(pixels, 1, tileHeight, tileWidth, SuperResolution.COLORS);
    }

    /** Behind the end the line runs back, without its last pixel; and forth again, if it is that short. */
    static int mirrored(int at, int length) {
        if (at < length) {
            return at;
        }
        int period = Math.max(1, 2 * (length - 1));
        int within = at % period;
        return Math.min(within, period - within);
    }
}
