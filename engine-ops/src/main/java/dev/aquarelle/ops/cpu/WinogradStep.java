package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Op;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A 3x3 convolution of stride 1 by {@link WinogradKernels}: tiles and weights are transformed, multiplied for each of the 36 positions
 * like matrices [tiles, C] and [C, O], and transformed back, with a quarter of the multiplications of a direct sum.
 *
 * <p>Transforming costs little beside multiplying, memory more: so nothing transformed is kept from run to run, and of tiles and weights only
 * the smaller is transformed whole. Where there are more tiles than outputs, all weights are, and a task transforms {@link #TILES} tiles and
 * computes all of their outputs; elsewhere all tiles are, and a task computes a panel of outputs, transforming weights as it needs them.
 * The other order gives the same bits.
 */
final class WinogradStep implements Step {
    /** Tiles that are multiplied at a time. */
    static final int TILES = 48;

    private static final int K_BLOCK = GemmStep.K_BLOCK;
    private static final int POSITIONS = WinogradKernels.POSITIONS;
    private static final int CHANNELS = WinogradKernels.CHANNELS;
    private static final int PANEL = GemmKernel.PANEL;

    /**
     * What is computed.
     *
     * @param image [N, H, W, C]
     * @param result [N, H', W', O]
     */
    record Geometry(Op.Conv2d conv, Shape image, Shape result) {
        int tilesAcross() {
            return Math.ceilDiv(result.dim(2), WinogradKernels.OUT);
        }

        int tilesOfSample() {
            return Math.ceilDiv(result.dim(1), WinogradKernels.OUT) * tilesAcross();
        }

        int tiles() {
            return image.dim(0) * tilesOfSample();
        }

        int channels() {
            return image.last();
        }

        int panels() {
            return Math.ceilDiv(result.last(), PANEL);
        }

        boolean weightsFirst() {
            return panels() * PANEL <= tiles();
        }

        /** Tiles that a task computes. */
        int tilesATask() {
            return weightsFirst() ? TILES : tiles();
        }

        /** Panels of outputs that a task computes. */
        int panelsATask() {
            return weightsFirst() ? panels() : 1;
        }

        long tileBytes(int tiles) {
            return 4L * POSITIONS * tiles * channels();
        }

        long panelBytes(int channels) {
            return 4L * POSITIONS * channels * PANEL;
        }

        /** Where the threads' own parts of the scratch memory begin: behind what they share. */
        long sharedBytes() {
            return weightsFirst() ? panels() * panelBytes(channels()) : tileBytes(tiles());
        }

        /** What each thread has for itself. */
        long ownBytes() {
            return weightsFirst() ? tileBytes(TILES) : panelBytes(Math.min(K_BLOCK, channels()));
        }

        /** Numbers that the products of a task take. */
        int products() {
            return panelsATask() * POSITIONS * GemmKernel.paddedRows(tilesATask()) * PANEL;
        }

        long scratchBytes(int threads) {
            return sharedBytes() + threads * ownBytes();
        }
    }

    /**
     * Whether a convolution is computed this way: by its shape alone, the batch not counted. Weights are transformed in each run, so
     * small maps take longer than a direct sum; so do few channels, where the tiles' transforms count.
     */
    static boolean suits(Op.Conv2d conv, Shape image, Shape weight, Shape result) {
        boolean plain = weight.dim(2) == 3
                && weight.dim(3) == 3
                && conv.stride() == 1
                && conv.dilation() == 1
                && conv.groups() == 1;
        return plain
                && image.last() % GemmKernel.COLUMNS == 0
                && image.last() >= 64
                && weight.dim(0) >= 64
                && result.dim(1) * (long) result.dim(2) >= 128;
    }

    private final MemorySegment m;
    private final Kernels kernels;
    private final Buffers buffers;
    private final Geometry g;
    private final WeightPanels weights;
    private final long image;
    private final long result;
    private final long bias;
    private final long scratch;
    private final Workers.Task preparing;
    private final Workers.Task computing = this::compute;

    /** Offsets are in bytes, of the image, the result and the bias (negative for none). */
    WinogradStep(
            MemorySegment m,
            Kernels kernels,
            Buffers buffers,
            Geometry geometry,
            WeightPanels weights,
            long image,
            long result,
            long bias,
            long scratch) {
        this.m = m;
        this.kernels = kernels;
        this.buffers = buffers;
        this.g = geometry;
        this.weights = weights;
        this.image = image;
        this.result = result;
        this.bias = bias;
        this.scratch = scratch;
        buffers.reserveWinograd(geometry.products());
        preparing = geometry.weightsFirst()
                ? (task, worker) -> {
                    int panel = task / kBlocks();
                    int k = task % kBlocks() * K_BLOCK;
                    transformWeights(panel, k, sharedWeights(panel, k), worker);
                }
                : (task, worker) -> transformTile(task, 0, scratch, g.tiles(), worker);
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(g.weightsFirst() ? g.panels() * kBlocks() : g.tiles(), preparing);
        workers.parallel(g.weightsFirst() ? Math.ceilDiv(g.tiles(), TILES) : g.panels(), computing);
    }

    private void compute(int task, int worker) {
        if (g.weightsFirst()) {
            int first = task * TILES;
            int count = Math.min(TILES, g.tiles() - first);
            for (int tile = first; tile < first + count; tile++) {
                transformTile(tile, first, own(worker), count, worker);
            }
            multiply(count, 0, g.panels(), own(worker), worker);
            finish(first, count, 0, g.panels(), worker);
        } else {
            multiply(g.tiles(), task, 1, scratch, worker);
            finish(0, g.tiles(), task, 1, worker);
        }
    }

    /** All positions of some tiles, which lie at {@code tilesAt}, and some panels: to the worker's products [panels, 36, tiles, PANEL]. */
    private void multiply(int tiles, int firstPanel, int panels, long tilesAt, int worker) {
        float[] products = buffers.products[worker];
        float[] rows = buffers.rows[worker];
        float[] sums = buffers.sums[worker];
        int step = GemmKernel.paddedRows(tiles) * PANEL;
        for (int k = 0; k < g.channels(); k += K_BLOCK) {
            int count = channelsFrom(k);
            if (!g.weightsFirst()) {
                transformWeights(firstPanel, k, own(worker), worker);
            }
            for (int first = 0; first < tiles; first += TILES) {
                int some = Math.min(TILES, tiles - first);
                for (int position = 0; position < POSITIONS; position++) {
                    long from = tilesAt + 4L * POSITIONS * tiles * k + 4L * (position * tiles + first) * count;
                    MemorySegment.copy(m, ValueLayout.JAVA_FLOAT_UNALIGNED, from, rows, 0, some * count);
                    for (int panel = firstPanel; panel < firstPanel + panels; panel++) {
                        int width = width(panel);
                        long b = (g.weightsFirst() ? sharedWeights(panel, k) : own(worker))
                                + 4L * position * count * width;
                        int to = ((panel - firstPanel) * POSITIONS + position) * step + first * PANEL;
                        if (k == 0) {
                            kernels.gemm().multiply(rows, some, count, m, b, width, products, to, PANEL);
                        } else {
                            kernels.gemm().multiply(rows, some, count, m, b, width, sums, 0, PANEL);
                            kernels.gemm().rescale(products, to, 1, sums, 0, some * PANEL);
                        }
                    }
                }
            }
        }
    }

    /** The worker's products of some tiles and panels to pixels of the result. */
    private void finish(int firstTile, int tiles, int firstPanel, int panels, int worker) {
        float[] pixels = buffers.tile[worker];
        int step = GemmKernel.paddedRows(tiles) * PANEL;
        int height = g.result.dim(1);
        int width = g.result.dim(2);
        long pixelBytes = 4L * g.result.last();
        for (int panel = firstPanel; panel < firstPanel + panels; panel++) {
            int col = panel * PANEL;
            int cols = Math.min(PANEL, g.result.last() - col);
            for (int i = 0; i < tiles; i++) {
                int at = (panel - firstPanel) * POSITIONS * step + i * PANEL;
                kernels.winograd()
                        .transformSums(
                                buffers.products[worker], at, step, buffers.between[worker], pixels, width(panel));
                int tile = firstTile + i;
                int y = tile % g.tilesOfSample() / g.tilesAcross() * WinogradKernels.OUT;
                int x = tile % g.tilesAcross() * WinogradKernels.OUT;
                int some = Math.min(WinogradKernels.OUT, width - x);
                for (int row = 0; row < Math.min(WinogradKernels.OUT, height - y); row++) {
                    long pixel = ((long) tile / g.tilesOfSample() * height + y + row) * width + x;
                    long to = result + pixelBytes * pixel + 4L * col;
                    long start = bias < 0 ? -1 : bias + 4L * col;
                    kernels.gemm().put(pixels, row * WinogradKernels.OUT, some, cols, m, to, pixelBytes, start, 0);
                }
            }
        }
    }

    /** A tile's pixels, zeros outside the image, to its row among {@code tiles} that begin with {@code first} and lie at {@code to}. */
    private void transformTile(int tile, int first, long to, int tiles, int worker) {
        float[] pixels = buffers.tile[worker];
        float[] transformed = buffers.transformed[worker];
        int top = tile % g.tilesOfSample() / g.tilesAcross() * WinogradKernels.OUT
                - g.conv.padding().top();
        int left =
                tile % g.tilesAcross() * WinogradKernels.OUT - g.conv.padding().left();
        for (int c = 0; c < g.channels(); c += CHANNELS) {
            int some = Math.min(CHANNELS, g.channels() - c);
            gather(tile / g.tilesOfSample(), top, left, c, some, pixels);
            kernels.winograd().transformPixels(pixels, buffers.between[worker], transformed, some);
            int k = c / K_BLOCK * K_BLOCK;
            int count = channelsFrom(k);
            long at = to + 4L * POSITIONS * tiles * k + 4L * (tile - first) * count + 4L * (c - k);
            for (int position = 0; position < POSITIONS; position++) {
                MemorySegment.copy(
                        transformed,
                        position * CHANNELS,
                        m,
                        ValueLayout.JAVA_FLOAT_UNALIGNED,
                        at + 4L * position * tiles * count,
                        some);
            }
        }
    }

    private void gather(int sample, int top, int left, int channel, int count, float[] pixels) {
        int height = g.image.dim(1);
        int width = g.image.dim(2);
        for (int i = 0; i < POSITIONS; i++) {
            int y = top + i / WinogradKernels.TILE;
            int x = left + i % WinogradKernels.TILE;
            int at = i * CHANNELS;
            if (y >= 0 && y < height && x >= 0 && x < width) {
                long pixel = ((long) sample * height + y) * width + x;
                long from = image + 4 * (pixel * g.channels() + channel);
                MemorySegment.copy(m, ValueLayout.JAVA_FLOAT_UNALIGNED, from, pixels, at, count);
            } else {
                Arrays.fill(pixels, at, at + count, 0f);
            }
        }
    }

    /** The weights of a panel and a block of channels to [36, channels, width] at {@code to}. */
    private void transformWeights(int panel, int k, long to, int worker) {
        float[] transformed = buffers.transformed[worker];
        int width = width(panel);
        int cols = Math.min(PANEL, g.result.last() - panel * PANEL);
        int count = channelsFrom(k);
        for (int c = k; c < k + count; c += weights.pieceChannels()) {
            int some = Math.min(weights.pieceChannels(), k + count - c);
            float[] taps = weights.across(c, some, panel * PANEL, cols, width, worker);
            for (int i = 0; i < some; i++) {
                kernels.winograd()
                        .transformWeights(taps, i * width, some * width, buffers.between[worker], transformed, width);
                long at = to + 4L * (c - k + i) * width;
                for (int position = 0; position < POSITIONS; position++) {
                    MemorySegment.copy(
                            transformed,
                            position * CHANNELS,
                            m,
                            ValueLayout.JAVA_FLOAT_UNALIGNED,
                            at + 4L * position * count * width,
                            width);
                }
            }
        }
    }

    private long sharedWeights(int panel, int k) {
        return scratch + panel * g.panelBytes(g.channels()) + 4L * POSITIONS * width(panel) * k;
    }

    private long own(int worker) {
        return scratch + g.sharedBytes() + worker * g.ownBytes();
    }

    private int kBlocks() {
        return Math.ceilDiv(g.channels(), K_BLOCK);
    }

    private int channelsFrom(int k) {
        return Math.min(K_BLOCK, g.channels() - k);
    }

    private int width(int panel) {
        return GemmKernel.padded(Math.min(PANEL, g.result.last() - panel * PANEL));
    }
}
