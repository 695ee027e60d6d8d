package dev.aquarelle.sd.image;

/**
 * A bell curve as three averages one after the other, over windows whose length need not be whole (Gwosdek et al., "Theoretical Foundations of
 * Gaussian Convolution by Extended Box Filtering", SSVM 2011). Beyond a picture's edge its last pixel goes on. Each average is rounded to bytes:
 * those of Pillow's {@code GaussianBlur}.
 *
 * @param radius of a window: it reaches so many pixels to both sides, of the outermost ones a part
 */
record BoxBlur(float radius) {
    private static final int PASSES = 3;
    private static final int PRECISION = 24;

    /** As wide as a bell curve of this deviation in pixels. In float32, as the original rounds. */
    static BoxBlur of(float deviation) {
        float variance = deviation * deviation / PASSES;
        float length = (float) Math.sqrt(12.0 * variance + 1.0);
        float whole = (float) Math.floor((length - 1.0) / 2.0);
        float rest = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
        return new BoxBlur(whole + rest / (6 * (variance - (whole + 1) * (whole + 1))));
    }

    /** Rows, then columns, in place: {@code channels} bytes for each pixel. */
    void blur(byte[] pixels, int width, int height, int channels) {
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < height; y++) {
                line(pixels, y * width * channels + c, channels, width);
            }
            for (int x = 0; x < width; x++) {
                line(pixels, x * channels + c, width * channels, height);
            }
        }
    }

    private void line(byte[] pixels, int first, int step, int count) {
        int[] line = new int[count];
        for (int i = 0; i < count; i++) {
            line[i] = pixels[first + i * step] & 0xFF;
        }
        int[] other = new int[count];
        for (int pass = 0; pass < PASSES; pass++) {
            average(line, other);
            int[] done = other;
            other = line;
            line = done;
        }
        for (int i = 0; i < count; i++) {
            pixels[first + i * step] = (byte) line[i];
        }
    }

    private void average(int[] in, int[] out) {
        int reach = (int) radius;
        int last = in.length - 1;
        long share = (long) ((1 << PRECISION) / (radius * 2 + 1));
        long outermost = ((1 << PRECISION) - (2 * reach + 1) * share) / 2;
        long sum = 0;
        for (int i = -reach; i <= reach; i++) {
            sum += in[Math.clamp(i, 0, last)];
        }
        for (int i = 0; i <= last; i++) {
            int before = in[Math.max(i - reach - 1, 0)];
            int behind = in[Math.min(i + reach + 1, last)];
            out[i] = (int) (sum * share + (before + behind) * outermost + (1 << PRECISION - 1) >> PRECISION);
            sum += behind - in[Math.max(i - reach, 0)];
        }
    }
}
