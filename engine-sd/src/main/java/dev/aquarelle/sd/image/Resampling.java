package dev.aquarelle.sd.image;

/**
 * Pictures made larger or smaller by a filter, stretched over the pixels that become one where the picture gets smaller. Rows first, then
 * columns, each rounded to bytes with weights of 22 bits behind the point: the same bytes as Pillow's, whose version 13 however begins with
 * the columns where the height shrinks much more than the width.
 */
public enum Resampling {
    /** Keys' cubic convolution with a = -0.5 (IEEE TASSP 29, 1981). */
    BICUBIC("Bicubic", 2) {
        @Override
        double weight(double distance) {
            double d = Math.abs(distance);
            if (d < 1) {
                return ((A + 2) * d - (A + 3)) * d * d + 1;
            }
            return d < 2 ? (((d - 5) * d + 8) * d - 4) * A : 0;
        }
    },
    /** The sine cardinal within the middle lobe of one three times as wide (Duchon 1979). */
    LANCZOS("Lanczos", 3) {
        @Override
        double weight(double distance) {
            return distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0;
        }
    };

    private static final int PRECISION = 22;
    private static final double A = -0.5;
    private static final int MOST_BYTES = Integer.MAX_VALUE - 8;

    private final String title;
    private final double support;

    Resampling(String title, double support) {
        this.title = title;
        this.support = support;
    }

    /** What users know it by. */
    public String title() {
        return title;
    }

    /** How much a pixel counts at this distance. */
    abstract double weight(double distance);

    private static double sinc(double x) {
        double angle = x * Math.PI;
        return x == 0 ? 1 : StrictMath.sin(angle) / angle;
    }

    /**
     * The picture in another size.
     *
     * @throws IllegalArgumentException if a side is not positive, or the picture would be too large for an array
     */
    public Image resize(Image image, int width, int height) {
        if (3L * width * Math.max(height, image.height()) > MOST_BYTES) {
            throw new IllegalArgumentException("%s cannot be made one of %d x %d".formatted(image, width, height));
        }
        byte[] rgb = image.bytes();
        if (width != image.width()) {
            Weights columns = Weights.of(this, image.width(), 0, image.width(), width);
            rgb = along(rgb, image.height(), columns, 3, 3, 3 * image.width(), 3 * width);
        }
        if (height != image.height()) {
            Weights rows = Weights.of(this, image.height(), 0, image.height(), height);
            rgb = along(rgb, 3 * width, rows, 1, 3 * width, 1, 1);
        }
        return Image.of(width, height, rgb);
    }

    /** The column that goes on from the outermost ones of a picture, at 0 or its width: Pillow's of a box without width. */
    Image column(Image image, int at) {
        Weights column = Weights.of(this, image.width(), at, 0, 1);
        return Image.of(1, image.height(), along(image.bytes(), image.height(), column, 3, 3, 3 * image.width(), 3));
    }

    /** Likewise the row at 0 or a picture's height. */
    Image row(Image image, int at) {
        Weights row = Weights.of(this, image.height(), at, 0, 1);
        int samples = 3 * image.width();
        return Image.of(image.width(), 1, along(image.bytes(), samples, row, 1, samples, 1, 1));
    }

    /**
     * Every line of samples resized, each channel for itself.
     *
     * @param channels of a sample, one after the other
     * @param step from one sample of a line to the next
     * @param lineIn from one line to the next in the input, lineOut in the output
     */
    private static byte[] along(
            byte[] in, int lines, Weights weights, int channels, int step, int lineIn, int lineOut) {
        byte[] out = new byte[Math.toIntExact((long) lines * weights.first.length * channels)];
        for (int line = 0; line < lines; line++) {
            for (int to = 0; to < weights.first.length; to++) {
                for (int c = 0; c < channels; c++) {
                    long sum = 1L << PRECISION - 1;
                    int[] shares = weights.shares[to];
                    int at = line * lineIn + weights.first[to] * step + c;
                    for (int share : shares) {
                        sum += (long) (in[at] & 0xFF) * share;
                        at += step;
                    }
                    out[line * lineOut + to * step + c] = (byte) Math.clamp(sum >> PRECISION, 0, 255);
                }
            }
        }
        return out;
    }

    /** What samples of a line become: from which one on, and how much of each. */
    private static final class Weights {
        private final int[] first;
        private final int[][] shares;

        private Weights(int[] first, int[][] shares) {
            this.first = first;
            this.shares = shares;
        }

        /**
         * For a part of a line.
         *
         * @param count samples of the line
         * @param from the first of the part
         * @param length of the part
         * @param to samples that the part becomes
         */
        static Weights of(Resampling filter, int count, int from, int length, int to) {
            if (to <= 0) {
                throw new IllegalArgumentException("a picture cannot be made %d pixels wide or high".formatted(to));
            }
            double scale = (double) length / to;
            double stretch = Math.max(scale, 1);
            int[] first = new int[to];
            int[][] shares = new int[to][];
            for (int i = 0; i < to; i++) {
                double center = from + (i + 0.5) * scale;
                int begin = Math.max(0, (int) (center - filter.support * stretch + 0.5));
                int end = Math.min(count, (int) (center + filter.support * stretch + 0.5));
                first[i] = begin;
                shares[i] = shares(filter, begin, end, center, stretch);
            }
            return new Weights(first, shares);
        }

        private static int[] shares(Resampling filter, int begin, int end, double center, double stretch) {
            double[] exact = new double[end - begin];
            double sum = 0;
            for (int i = 0; i < exact.length; i++) {
                exact[i] = filter.weight((begin + i - center + 0.5) * (1 / stretch));
                sum += exact[i];
            }
            int[] shares = new int[exact.length];
            for (int i = 0; i < shares.length; i++) {
                double share = exact[i] * (1 / sum) * (1 << PRECISION);
                shares[i] = (int) (share < 0 ? share - 0.5 : share + 0.5);
            }
            return shares;
        }
    }
}
