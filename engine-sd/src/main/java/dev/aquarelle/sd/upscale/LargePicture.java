package dev.aquarelle.sd.upscale;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.image.Image;

/** The picture that is put together of what a network makes of the tiles. */
final class LargePicture {
    private final int width;
    private final int height;
    private final int scale;
    private final byte[] rgb;

    /**
     * @param width of the small picture
     * @param height of the small picture
     */
    LargePicture(int width, int height, int scale) {
        this.width = width * scale;
        this.height = height * scale;
        this.scale = scale;
        this.rgb = new byte[SuperResolution.COLORS * this.width * this.height];
    }

    /**
     * Takes over what is kept of a tile, as 8 bits: 0 to 1 times 255, what lies outside is cut off, a half rounds to even.
     *
     * @param tile {@code [1, scale rows, scale columns, 3]}
     * @throws ModelException if a number is not finite
     */
    void put(Tensor tile, Tiles.Span rows, Tiles.Span columns) {
        int tileWidth = tile.shape().dim(2); // tiles are small enough for int
        int right = Math.min(width, scale * columns.keepTo());
        int bottom = Math.min(height, scale * rows.keepTo());
        for (int y = scale * rows.keepFrom(); y < bottom; y++) {
            for (int x = scale * columns.keepFrom(); x < right; x++) {
                int from = (y - scale * rows.from()) * tileWidth + x - scale * columns.from();
                int to = y * width + x;
                for (int color = 0; color < SuperResolution.COLORS; color++) {
                    float value = tile.getFloat((long) SuperResolution.COLORS * from + color);
                    if (!Float.isFinite(value)) {
                        throw new ModelException(
                                "the upscaler: expected finite numbers, found %s: its weights are broken"
                                        .formatted(value));
                    }
                    rgb[SuperResolution.COLORS * to + color] = (byte) Math.rint(Math.clamp(value, 0f, 1f) * 255f);
                }
            }
        }
    }

    Image image() {
        return Image.of(width, height, rgb);
    }
}
