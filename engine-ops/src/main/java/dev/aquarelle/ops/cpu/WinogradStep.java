package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A 3x3 convolution of stride 1 by {@link WinogradKernels}: tiles and weights are transformed, multiplied for each of the 36 positions
 * like matrices [tiles, C] and [C, O], and transformed back, with a quarter of the multiplications of a direct sum.
 *
 * <p>Transforming costs little beside multiplying, memory more: so nothing transformed is kept from run to run, and of tiles and weights only
 * the smaller is transformed whole. Where there are more tiles than outputs, all weights are, and a task transforms {@link WinogradGeometry#TILES} tiles and
 * computes all of their outputs; elsewhere all tiles are, and a task computes a panel of outputs, transforming weights as it needs them.
 * The other order gives the same bits.
 */
final class WinogradStep implements Step {
    private static final int TILES = WinogradGeometry.TILES;

    private static final int POSITIONS = WinogradKernels.POSITIONS;
    private static final int CHANNELS = WinogradKernels.CHANNELS;
    private static final int PANEL = GemmKernel.PANEL;

    private final MemorySegment m;
    private final Kernels kernels;
    private final Buffers buffers;
    private final WinogradGeometry g;
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
            WinogradGeometry geometry,
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
                    int block = task / kBlocks();
                    int k = task % kBlocks() * g.kBlock();
                    transformWeights(block, k, sharedWeights(block, k), worker);
                }
                : (task, worker) -> transformStrip(task * GemmKernel.ROWS, 0, scratch, g.tiles(), worker);
    }

    @Override
    public long packedBytes() {
        return g.blocks() * g.blockBytes(g.channels());
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(
                g.weightsFirst() ? g.blocks() * kBlocks() : Math.ceilDiv(g.tiles(), GemmKernel.ROWS), preparing);
        workers.parallel(g.weightsFirst() ? Math.ceilDiv(g.tiles(), TILES) : g.blocks(), computing);
    }

    private void compute(int task, int worker) {
        if (g.weightsFirst()) {
            int first = task * TILES;
            int count = Math.min(TILES, g.tiles() - first);
            for (int tile = first; tile < first + count; tile += GemmKernel.ROWS) {
                transformStrip(tile, first, own(worker), count, worker);
            }
            multiply(count, own(worker), 0, worker);
            finish(first, count, 0, worker);
        } else {
            multiply(g.tiles(), scratch, task, worker);
            finish(0, g.tiles(), task, worker);
        }
    }

    /** All positions of some tiles, which lie at {@code tilesAt}, and a task's blocks: to the worker's products [36, tiles, outputs]. */
    private void multiply(int tiles, long tilesAt, int firstBlock, int worker) {
        float[] rows = buffers.rows[worker];
        int stride = g.blocksATask() * g.outputs();
        int padded = GemmKernel.paddedRows(tiles);
        for (int k = 0; k < g.channels(); k += g.kBlock()) {
            int count = channelsFrom(k);
            if (!g.weightsFirst()) {
                transformWeights(firstBlock, k, own(worker), worker);
            }
            for (int first = 0; first < tiles; first += TILES) {
                int some = Math.min(TILES, padded - first);
                for (int position = 0; position < POSITIONS; position++) {
                    long from = tilesAt + 4L * POSITIONS * padded * k + 4L * (position * padded + first) * count;
                    MemorySegment.copy(m, ValueLayout.JAVA_FLOAT_UNALIGNED, from, rows, 0, some * count);
                    int to = (position * padded + first) * stride;
                    for (int block = firstBlock; block < firstBlock + g.blocksATask(); block++) {
                        int width = g.width(block);
                        long b = (g.weightsFirst() ? sharedWeights(block, k) : own(worker))
                                + 4L * position * count * width;
                        multiplyBlock(
                                some, k, count, b, width, to + (block - firstBlock) * g.outputs(), stride, worker);
                    }
                }
            }
        }
    }

    /** The rows at hand and a block's panels of one position: written to the products, or added to them from the second block of k on. */
    private void multiplyBlock(int rows, int k, int count, long b, int width, int to, int stride, int worker) {
        float[] a = buffers.rows[worker];
        float[] products = buffers.products[worker];
        float[] sums = buffers.sums[worker];
        for (int col = 0; col < width; col += PANEL) {
            int cols = Math.min(PANEL, width - col);
            long panel = b + 4L * col * count;
            if (k == 0) {
                kernels.gemm().multiply(a, 0, rows, count, m, panel, cols, products, to + col, stride);
            } else {
                kernels.gemm().multiply(a, 0, rows, count, m, panel, cols, sums, 0, PANEL);
                for (int row = 0; row < rows; row++) {
                    kernels.gemm().rescale(products, to + row * stride + col, 1, sums, row * PANEL, cols);
                }
            }
        }
    }

    /** The worker's products of some tiles and a task's blocks to pixels of the result. */
    private void finish(int firstTile, int tiles, int firstBlock, int worker) {
        float[] pixels = buffers.tile[worker];
        int stride = g.blocksATask() * g.outputs();
        int step = GemmKernel.paddedRows(tiles) * stride;
        int height = g.result().dim(1);
        int width = g.result().dim(2);
        long pixelBytes = 4L * g.result().last();
        for (int i = 0; i < tiles; i++) {
            int tile = firstTile + i;
            int y = tile % g.tilesOfSample() / g.tilesAcross() * WinogradKernels.OUT;
            int x = tile % g.tilesAcross() * WinogradKernels.OUT;
            int across = Math.min(WinogradKernels.OUT, width - x);
            long pixel = ((long) tile / g.tilesOfSample() * height + y) * width + x;
            for (int block = firstBlock; block < firstBlock + g.blocksATask(); block++) {
                int at = i * stride + (block - firstBlock) * g.outputs();
                kernels.winograd()
                        .transformSums(
                                buffers.products[worker], at, step, buffers.between[worker], pixels, g.width(block));
                int col = block * g.outputs();
                int cols = Math.min(g.outputs(), g.result().last() - col);
                long start = bias < 0 ? -1 : bias + 4L * col;
                for (int row = 0; row < Math.min(WinogradKernels.OUT, height - y); row++) {
                    long to = result + pixelBytes * (pixel + (long) row * width) + 4L * col;
                    int from = row * WinogradKernels.OUT * CHANNELS;
                    kernels.gemm().put(pixels, from, CHANNELS, across, cols, m, to, pixelBytes, start, 0);
                }
            }
        }
    }

    /** A strip of tiles, zeros outside the image, to its place among {@code tiles} that begin with {@code first} and lie at {@code to}. */
    private void transformStrip(int tile, int first, long to, int tiles, int worker) {
        float[] transformed = buffers.transformed[worker];
        int rows = Math.min(GemmKernel.ROWS, first + tiles - tile);
        int padded = GemmKernel.paddedRows(tiles);
        for (int c = 0, some; c < g.channels(); c += some) {
            int k = c / g.kBlock() * g.kBlock();
            int count = channelsFrom(k);
            some = Math.min(CHANNELS, k + count - c);
            long positionBytes = 4L * padded * count;
            long at = to + POSITIONS * 4L * padded * k + 4L * (tile - first) * count;
            for (int row = 0; row < rows; row++) {
                transformTile(tile + row, c, some, row, worker);
                if (!kernels.gemm().interleaved()) {
                    long rowAt = at + 4L * row * count + 4L * (c - k);
                    kernels.winograd().scatter(transformed, some, m, rowAt, positionBytes);
                }
            }
            if (kernels.gemm().interleaved()) {
                interleave(some, at + 4L * GemmKernel.ROWS * (c - k), positionBytes, worker);
            }
        }
    }

    /** Some channels of a tile, transformed, to the worker's buffer: a row of it, if rows are still to be interleaved. */
    private void transformTile(int tile, int channel, int count, int row, int worker) {
        float[] pixels = buffers.tile[worker];
        int top = tile % g.tilesOfSample() / g.tilesAcross() * WinogradKernels.OUT
                - g.conv().padding().top();
        int left = tile % g.tilesAcross() * WinogradKernels.OUT
                - g.conv().padding().left();
        gather(tile / g.tilesOfSample(), top, left, channel, count, pixels);
        int at = kernels.gemm().interleaved() ? row * WinogradKernels.SIZE : 0;
        kernels.winograd().transformPixels(pixels, buffers.between[worker], buffers.transformed[worker], at, count);
    }

    private void interleave(int channels, long to, long positionBytes, int worker) {
        float[] strip = buffers.strip[worker];
        for (int position = 0; position < POSITIONS; position++) {
            kernels.gemm()
                    .interleave(
                            buffers.transformed[worker], position * CHANNELS, WinogradKernels.SIZE, channels, strip, 0);
            MemorySegment.copy(
                    strip,
                    0,
                    m,
                    ValueLayout.JAVA_FLOAT_UNALIGNED,
                    to + position * positionBytes,
                    GemmKernel.ROWS * channels);
        }
    }

    private void gather(int sample, int top, int left, int channel, int count, float[] pixels) {
        int height = g.image().dim(1);
        int width = g.image().dim(2);
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

    /** The weights of a block and some channels to [36, panels, channels, PANEL] at {@code to}. */
    private void transformWeights(int block, int k, long to, int worker) {
        int width = g.width(block);
        int cols = Math.min(g.outputs(), g.result().last() - block * g.outputs());
        int count = channelsFrom(k);
        int run = Math.min(PANEL, width);
        int together = width == run ? CHANNELS / width : 1; // channels, which lie behind each other in one panel alone
        for (int c = k; c < k + count; c += weights.pieceChannels()) {
            int some = Math.min(weights.pieceChannels(), k + count - c);
            float[] taps = weights.across(c, some, block * g.outputs(), cols, width, worker);
            for (int i = 0, channels; i < some; i += channels) {
                channels = Math.min(together, some - i);
                int numbers = channels * width;
                kernels.winograd()
                        .transformWeights(
                                taps,
                                i * width,
                                weights.pieceChannels() * width,
                                buffers.between[worker],
                                numbers,
                                together == 1 ? run : numbers,
                                m,
                                to + 4L * (c - k + i) * run,
                                4L * count * width,
                                4L * count * run);
            }
        }
    }

    private long sharedWeights(int block, int k) {
        return scratch + block * g.blockBytes(g.channels()) + 4L * POSITIONS * g.width(block) * k;
    }

    private long own(int worker) {
        return scratch + g.sharedBytes() + worker * g.ownBytes();
    }

    private int kBlocks() {
        return Math.ceilDiv(g.channels(), g.kBlock());
    }

    private int channelsFrom(int k) {
        return Math.min(g.kBlock(), g.channels() - k);
    }
}
