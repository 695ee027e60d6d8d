package dev.aquarelle.ops.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * {@link KernelBattery} for what works on blocks of rows: the kernels of products and those of convolutions by transformed tiles.
 * Rows, terms and places are odd numbers, columns whole vectors of the widest kind where the kernels want them so.
 */
final class ProductBattery {
    private static final int ROUNDS = 3;
    private static final int[] ROWS = {1, 2, 5, 6, 7, 13};
    private static final int[] TERMS = {1, 2, 3, 8, 41};

    /** Parts of a panel and several panels, whatever {@link GemmKernel#PANEL} is. */
    private static final int[] COLUMNS = {16, 32, 48, 64, 80, 144};

    private static final int GAP = 3;

    private final Kernels kernels;
    private final Map<String, Integer> sums = new LinkedHashMap<>();
    private final Random random = new Random(7);
    private int round;

    private ProductBattery(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Where numbers lie: {@code cols} of them in each row, rows a stride apart. */
    private record Area(int at, int rows, int cols, int stride) {
        Area(int rows, int cols) {
            this(GAP + 2, rows, cols, cols + GAP);
        }

        boolean contains(int i) {
            return i >= at && (i - at) / stride < rows && (i - at) % stride < cols;
        }

        /** Floats to the end of the last row and a few beyond. */
        int size() {
            return at + rows * stride + GAP;
        }

        long byteOffset() {
            return 4L * at;
        }

        long strideBytes() {
            return 4L * stride;
        }
    }

    /** The sum of the bits of all results by kernel; NaN counts as one value. */
    static Map<String, Integer> results(Kernels implementation) {
        ProductBattery battery = new ProductBattery(implementation);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment m = arena.allocate(4L << 16, 64);
            for (battery.round = 0; battery.round < ROUNDS; battery.round++) {
                battery.products(m);
                battery.transforms(m);
                battery.attention(m);
            }
        }
        return battery.sums;
    }

    private void products(MemorySegment m) {
        for (int rows : ROWS) {
            for (int cols : COLUMNS) {
                for (int k : TERMS) {
                    multiply(m, rows, k, cols);
                }
            }
            for (int cols = 0; cols < 41; cols++) {
                put(m, rows, cols);
            }
        }
        for (int count : COLUMNS) {
            Area area = new Area(1, count);
            float[] out = nan(area.size());
            System.arraycopy(numbers(count), 0, out, area.at(), count);
            kernels.gemm().rescale(out, area.at(), random.nextFloat(), numbers(count + GAP), GAP, count);
            add("rescale", out, area, area);
        }
    }

    /** Panel by panel, as a step does: so the products are the same for every width of panels. */
    private void multiply(MemorySegment m, int rows, int k, int cols) {
        float[] a = strips(kernels.gemm(), numbers(GemmKernel.paddedRows(rows) * k), k);
        float[] b = numbers(k * cols);
        Area written = new Area(GemmKernel.paddedRows(rows), cols);
        float[] out = nan(written.size());
        for (int col = 0; col < cols; col += GemmKernel.PANEL) {
            int width = Math.min(GemmKernel.PANEL, cols - col);
            for (int i = 0; i < k; i++) {
                int row = GAP + i * width;
                MemorySegment.copy(b, i * cols + col, m, ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * row, width);
            }
            kernels.gemm().multiply(a, 0, rows, k, m, 4 * GAP, width, out, written.at() + col, written.stride());
        }
        add("multiply", out, new Area(rows, cols), written);
    }

    /** Rows of A as the kernel wants them. */
    static float[] strips(GemmKernel gemm, float[] rows, int k) {
        float[] strips = rows.clone();
        for (int at = 0; gemm.interleaved() && at < rows.length; at += GemmKernel.ROWS * k) {
            gemm.interleave(rows, at, k, k, strips, at);
        }
        return strips;
    }

    /** Without a start, from one row for all, and from what is there. */
    private void put(MemorySegment m, int rows, int cols) {
        Area from = new Area(GAP, rows, cols, cols + 2 * GAP);
        Area to = new Area(rows, cols);
        float[] products = numbers(from.size());
        float[] bias = numbers(cols);
        long biasAt = 4L * to.size();
        for (int start = 0; start < 3; start++) {
            float[] before = nan(to.size());
            if (start == 2) {
                for (int row = 0; row < rows; row++) {
                    System.arraycopy(numbers(cols), 0, before, to.at() + row * to.stride(), cols);
                }
            }
            write(m, 0, before);
            write(m, biasAt, bias);
            long startAt = start == 0 ? -1 : start == 1 ? biasAt : to.byteOffset();
            kernels.gemm()
                    .put(
                            products,
                            from.at(),
                            from.stride(),
                            rows,
                            cols,
                            m,
                            to.byteOffset(),
                            to.strideBytes(),
                            startAt,
                            start == 1 ? 0 : to.strideBytes());
            add("put", read(m, to.size()), to, to);
        }
    }

    /** Panel by panel, like {@link #multiply}. */
    private void attention(MemorySegment m) {
        int stride = GemmKernel.PANEL;
        for (int keys : TERMS) {
            for (int cols : COLUMNS) {
                float[] scores = numbers(keys * cols);
                float[] maxima = numbers(cols);
                float[] totals = numbers(cols);
                float[] factors = nan(cols);
                float[] gathered = numbers(keys * cols);
                for (int col = 0; col < cols; col += stride) {
                    int width = Math.min(stride, cols - col);
                    float[] panel = new float[keys * stride];
                    float[] earlier = new float[keys * stride];
                    for (int key = 0; key < keys; key++) {
                        System.arraycopy(scores, key * cols + col, panel, key * stride, width);
                        System.arraycopy(gathered, key * cols + col, earlier, key * stride, width);
                    }
                    Area weights = new Area(1, keys * width);
                    write(m, 0, nan(weights.size()));
                    kernels.attention()
                            .weigh(panel, keys, width, 0.3f, maxima, totals, factors, col, m, weights.byteOffset());
                    kernels.attention().gather(earlier, 0, keys, width, factors, col, panel);
                    float[] found = read(m, weights.size());
                    for (int c = 0; c < width; c++) { // column by column, so that panels do not show
                        for (int key = 0; key < keys; key++) {
                            add("weigh", found[weights.at() + key * width + c]);
                            add("gather", earlier[key * stride + c]);
                        }
                        add("weigh", maxima[col + c]);
                        add("weigh", totals[col + c]);
                        add("weigh", factors[col + c]);
                    }
                    add("nothing beside weights", found, new Area(1, 0), weights);
                }
            }
        }
        for (int cols = 0; cols < 41; cols++) {
            Area to = new Area(1, 5 * cols);
            float[] out = nan(to.size());
            write(m, 0, numbers(5 * (cols + GAP) + GAP));
            kernels.gemm().take(m, 4 * GAP, 4L * (cols + GAP), 5, cols, out, to.at());
            add("take", out, to, to);
        }
    }

    private void add(String name, float found) {
        sums.merge(name, Float.floatToIntBits(found), (sum, bits) -> 31 * sum + bits);
    }

    private void transforms(MemorySegment m) {
        WinogradKernels winograd = kernels.winograd();
        int tile = WinogradKernels.TILE;
        for (int count = GemmKernel.COLUMNS; count <= WinogradKernels.CHANNELS; count += GemmKernel.COLUMNS) {
            Area from = new Area(tile, count);
            Area six = new Area(GAP, tile, count, count + 5);
            float[] x = numbers(from.size());
            float[] y = nan(six.size());
            winograd.pixels(x, from.at(), from.stride(), y, six.at(), six.stride(), count);
            add("pixels", y, six, six);
            y = nan(six.size());
            winograd.weights(x, from.at(), from.stride(), y, six.at(), six.stride(), count);
            add("weights", y, six, six);
            Area four = new Area(GAP, WinogradKernels.OUT, count, count + 5);
            y = nan(four.size());
            winograd.sums(x, from.at(), from.stride(), y, four.at(), four.stride(), count);
            add("sums", y, four, four);
            scatter(m, count);
            putWeights(m, count, GemmKernel.COLUMNS);
            putWeights(m, count, count);
        }
    }

    private void scatter(MemorySegment m, int count) {
        Area to = new Area(WinogradKernels.POSITIONS, count);
        write(m, 0, nan(to.size()));
        kernels.winograd().scatter(numbers(WinogradKernels.SIZE), count, m, to.byteOffset(), to.strideBytes());
        add("scatter", read(m, to.size()), to, to);
    }

    private void putWeights(MemorySegment m, int count, int run) {
        int tile = WinogradKernels.TILE;
        Area to = new Area(tile * (count / run), run);
        float[] x = numbers(3 * WinogradKernels.CHANNELS + GAP);
        write(m, 0, nan(to.size()));
        kernels.winograd()
                .putWeights(x, GAP, count, run, m, to.byteOffset(), to.strideBytes(), tile * to.strideBytes());
        add("putWeights", read(m, to.size()), to, to);
    }

    /** Adds the bits of a result; whatever is not {@code written} must still be NaN. */
    private void add(String name, float[] found, Area result, Area written) {
        int sum = sums.getOrDefault(name, 1);
        for (int i = 0; i < found.length; i++) {
            if (result.contains(i)) {
                sum = 31 * sum + Float.floatToIntBits(found[i]);
            } else if (!written.contains(i) && !Float.isNaN(found[i])) {
                throw new AssertionError("%s wrote %s at %d, its result is %s".formatted(name, found[i], i, written));
            }
        }
        sums.put(name, sum);
    }

    private float[] numbers(int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = KernelBattery.number(random, round);
        }
        return numbers;
    }

    private static float[] nan(int count) {
        float[] numbers = new float[count];
        Arrays.fill(numbers, Float.NaN);
        return numbers;
    }

    private static void write(MemorySegment m, long byteOffset, float[] numbers) {
        MemorySegment.copy(numbers, 0, m, ValueLayout.JAVA_FLOAT_UNALIGNED, byteOffset, numbers.length);
    }

    private static float[] read(MemorySegment m, int count) {
        float[] numbers = new float[count];
        MemorySegment.copy(m, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, numbers, 0, count);
        return numbers;
    }
}
