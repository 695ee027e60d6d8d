package dev.aquarelle.sd.image;

import org.jspecify.annotations.Nullable;

/**
 * A mask over a picture with soft edges: for each pixel how much of what is painted counts, 0 to 255. Where it is 0, a picture put together by
 * it has the original's own bytes.
 */
public final class SoftMask {
    private static final int HALF = 128;

    /** Deviations of the blurs whose colors lie one over the other in {@link #filled}, the widest at the bottom, and how often each. */
    private static final float[] FILL_DEVIATIONS = {256, 64, 16, 4, 2, 0};

    private static final int[] FILL_TIMES = {1, 1, 2, 4, 2, 1};

    private final int width;
    private final int height;
    private final byte[] values;

    private SoftMask(int width, int height, byte[] values) {
        this.width = width;
        this.height = height;
        this.values = values;
    }

    /** The mask that a picture is: 255 where it is at least half as bright as can be, else 0. */
    public static SoftMask of(Image picture) {
        byte[] values = new byte[picture.width() * picture.height()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) (picture.luma(i % picture.width(), i / picture.width()) >= HALF ? 255 : 0);
        }
        return new SoftMask(picture.width(), picture.height(), values);
    }

    /** The mask that a picture is whose brightness says how much of what is painted counts. */
    public static SoftMask ofGray(Image picture) {
        byte[] values = new byte[picture.width() * picture.height()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) picture.luma(i % picture.width(), i / picture.width());
        }
        return new SoftMask(picture.width(), picture.height(), values);
    }

    /** How much counts of the i-th pixel, row by row. */
    int value(int i) {
        return values[i] & 0xFF;
    }

    /** What was kept is painted, and the other way round. */
    public SoftMask inverted() {
        byte[] other = new byte[values.length];
        for (int i = 0; i < other.length; i++) {
            other[i] = (byte) ~values[i];
        }
        return new SoftMask(width, height, other);
    }

    /**
     * The mask under Gauss' bell curve, cut off at two and a half deviations, at the picture's edges reflected.
     *
     * @param deviation in pixels; 0 leaves it as it is
     */
    public SoftMask blurred(double deviation) {
        if (deviation == 0) {
            return this;
        }
        double[] bell = bell(deviation);
        byte[] columns = along(values, height, width, width, 1, bell);
        return new SoftMask(width, height, along(columns, width, height, 1, width, bell));
    }

    private static double[] bell(double deviation) {
        int reach = (int) (2.5 * deviation + 0.5);
        double[] bell = new double[2 * reach + 1];
        double sum = 0;
        for (int i = 0; i < bell.length; i++) {
            bell[i] = StrictMath.exp(-(i - reach) * (i - reach) / (2 * deviation * deviation));
            sum += bell[i];
        }
        for (int i = 0; i < bell.length; i++) {
            bell[i] /= sum;
        }
        return bell;
    }

    private static byte[] along(byte[] in, int lines, int length, int lineStep, int step, double[] bell) {
        byte[] out = new byte[in.length];
        int reach = bell.length / 2;
        for (int line = 0; line < lines; line++) {
            for (int i = 0; i < length; i++) {
                double sum = 0;
                for (int k = -reach; k <= reach; k++) {
                    sum += bell[k + reach] * (in[line * lineStep + reflected(i + k, length) * step] & 0xFF);
                }
                out[line * lineStep + i * step] = (byte) Math.rint(sum);
            }
        }
        return out;
    }

    /** Without the edge twice. */
    private static int reflected(int at, int length) {
        if (length == 1) {
            return 0;
        }
        int phase = Math.floorMod(at, 2 * length - 2);
        return phase < length ? phase : 2 * length - 2 - phase;
    }

    /** What is painted at least half counts whole, and the rest twice, so that the soft edge lies outside of it, as in the web UI. */
    public SoftMask grown() {
        byte[] other = new byte[values.length];
        for (int i = 0; i < other.length; i++) {
            other[i] = (byte) Math.min(2 * (values[i] & 0xFF), 255);
        }
        return new SoftMask(width, height, other);
    }

    /** The mask as a picture in black and white: white where at least half of what is painted counts. */
    public Image toImage() {
        byte[] rgb = new byte[3 * values.length];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (value(i / 3) >= HALF ? 255 : 0);
        }
        return Image.of(width, height, rgb);
    }

    /** The mask as a gray picture, as bright as what is painted counts. */
    public Image toGray() {
        byte[] rgb = new byte[3 * values.length];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = values[i / 3];
        }
        return Image.of(width, height, rgb);
    }

    /** The smallest rectangle with all pixels of which anything counts that is painted; {@code null} if there are none. */
    public @Nullable Region bounds() {
        int left = width;
        int right = 0;
        int top = height;
        int bottom = 0;
        for (int i = 0; i < values.length; i++) {
            if (values[i] != 0) {
                left = Math.min(left, i % width);
                right = Math.max(right, i % width + 1);
                top = Math.min(top, i / width);
                bottom = i / width + 1;
            }
        }
        return right == 0 ? null : new Region(left, top, right, bottom);
    }

    /** The part of the mask in a rectangle of it. */
    public SoftMask cut(Region region) {
        byte[] part = new byte[region.width() * region.height()];
        for (int y = 0; y < region.height(); y++) {
            System.arraycopy(
                    values, (region.top() + y) * width + region.left(), part, y * region.width(), region.width());
        }
        return new SoftMask(region.width(), region.height(), part);
    }

    /**
     * Two pictures in one, with the bytes that Pillow gives when it lays the original, see-through where it is painted, over what is painted.
     *
     * @throws IllegalArgumentException if they are not of the mask's size
     */
    public Image compose(Image painted, Image original) {
        requireSize(painted, original);
        byte[] canvas = Layer.canvas(painted);
        Layer.of(original, inverted()).over(canvas);
        return Layer.picture(canvas, width, height);
    }

    /**
     * A picture with the colors from around what is painted spread over it, the ones from near by above those from afar: what the web UI
     * calls masked content "fill", to the byte.
     *
     * @throws IllegalArgumentException if it is not of the mask's size
     */
    public Image filled(Image picture) {
        requireSize(picture, picture);
        Layer kept = Layer.of(picture, inverted());
        byte[] canvas = Layer.canvas(width, height);
        for (int i = 0; i < FILL_TIMES.length; i++) {
            Layer spread = kept.blurred(FILL_DEVIATIONS[i]);
            for (int time = 0; time < FILL_TIMES[i]; time++) {
                spread.over(canvas);
            }
        }
        return Layer.picture(canvas, width, height);
    }

    private void requireSize(Image a, Image b) {
        if (a.width() != width || a.height() != height || b.width() != width || b.height() != height) {
            throw new IllegalArgumentException("mask of %d x %d pixels over %s and %s".formatted(width, height, a, b));
        }
    }
}
