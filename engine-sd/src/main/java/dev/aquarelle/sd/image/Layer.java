package dev.aquarelle.sd.image;

/**
 * A picture of which parts are see-through, to be laid over another one. All arithmetic is in bytes as Pillow has it, so that pictures put together
 * by it have the bytes of diffusers' and the web UI's.
 */
final class Layer {
    private static final int CHANNELS = 4;
    private static final int EXTRA_BITS = 7;

    private final int width;
    private final int height;
    private final byte[] premultiplied; // red, green and blue times what there is of them, and that

    private Layer(int width, int height, byte[] premultiplied) {
        this.width = width;
        this.height = height;
        this.premultiplied = premultiplied;
    }

    /** A picture of which there is as much as the mask says, of the picture's size. */
    static Layer of(Image picture, SoftMask shown) {
        byte[] rgb = picture.bytes();
        byte[] pixels = new byte[rgb.length / 3 * CHANNELS];
        for (int i = 0; i < pixels.length; i++) {
            int pixel = i / CHANNELS;
            int c = i % CHANNELS;
            int there = shown.value(pixel);
            pixels[i] = (byte) (c == 3 ? there : by255((rgb[3 * pixel + c] & 0xFF) * there + 128));
        }
        return new Layer(picture.width(), picture.height(), pixels);
    }

    /** As if seen through frosted glass, the see-through parts too. */
    Layer blurred(float deviation) {
        byte[] pixels = premultiplied.clone();
        if (deviation > 0) {
            BoxBlur.of(deviation).blur(pixels, width, height, CHANNELS);
        }
        return new Layer(width, height, pixels);
    }

    /** Lays it over a canvas of red, green, blue and how much there is of them, as they are. */
    void over(byte[] canvas) {
        for (int at = 0; at < canvas.length; at += CHANNELS) {
            int there = premultiplied[at + 3] & 0xFF;
            if (there == 0) {
                continue;
            }
            int below = (canvas[at + 3] & 0xFF) * (255 - there);
            int both = there * 255 + below;
            int share = (there * 255 * 255 << EXTRA_BITS) / both;
            int rest = (255 << EXTRA_BITS) - share;
            for (int c = at; c < at + 3; c++) {
                int color = Math.min(255 * (premultiplied[c] & 0xFF) / there, 255);
                int sum = color * share + (canvas[c] & 0xFF) * rest + (128 << EXTRA_BITS);
                canvas[c] = (byte) (by255(sum) >> EXTRA_BITS);
            }
            canvas[at + 3] = (byte) by255(both + 128);
        }
    }

    /** A canvas with nothing on it. */
    static byte[] canvas(int width, int height) {
        return new byte[Math.toIntExact((long) CHANNELS * width * height)];
    }

    /** A canvas with a picture on it. */
    static byte[] canvas(Image picture) {
        byte[] canvas = canvas(picture.width(), picture.height());
        byte[] rgb = picture.bytes();
        for (int i = 0; i < canvas.length; i++) {
            canvas[i] = i % CHANNELS == 3 ? (byte) -1 : rgb[i / CHANNELS * 3 + i % CHANNELS];
        }
        return canvas;
    }

    /** The colors on a canvas, however much there is of them. */
    static Image picture(byte[] canvas, int width, int height) {
        byte[] rgb = new byte[canvas.length / CHANNELS * 3];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = canvas[i / 3 * CHANNELS + i % 3];
        }
        return Image.of(width, height, rgb);
    }

    /** Divided by 255 as graphics programs do it; with a half of that added before, rounded. */
    private static int by255(int x) {
        return (x >> 8) + x >> 8;
    }
}
