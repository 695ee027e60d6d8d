package dev.aquarelle.ops.cpu;

/**
 * Arrays for each worker of a backend, small enough to stay in its caches. One step runs at a time, so all programs share them; they
 * grow while programs are compiled, between two steps of those that run. A task may fetch an array as often as it likes, a field of a
 * step must not keep one.
 */
final class Buffers {
    /** Rows of A, at most {@link GemmStep#ROW_BLOCK} x {@link GemmStep#K_BLOCK}; or the queries of a block. */
    final float[][] rows;

    /** A strip of them, before it is interleaved. */
    final float[][] strip;

    /** What a panel makes of them. */
    final float[][] sums;

    /** Scores of a block of queries, then their weights. */
    final float[][] scores;

    /** What the queries of a block have gathered so far. */
    final float[][] gathered;

    /** The largest score of each query so far. */
    final float[][] maxima;

    /** The sum of each query's weights so far. */
    final float[][] totals;

    /** What the queries' sums so far are to be multiplied by. */
    final float[][] factors;

    /** A piece of weights, widened, and as the file has it. */
    final float[][] wide;

    /** The same across, as a panel has it. */
    final float[][] across;

    /** A row of weights as 16-bit numbers. */
    final short[][] narrow;

    /** A tile of a Winograd convolution before its transform, between the two halves of it, and after. */
    final float[][] tile;

    final float[][] between;
    final float[][] transformed;

    /** Products of a task of such a convolution. */
    final float[][] products;

    private final Workers workers;

    Buffers(Workers workers) {
        this.workers = workers;
        int threads = workers.threads();
        rows = new float[threads][GemmStep.ROW_BLOCK * GemmStep.K_BLOCK];
        strip = new float[threads][GemmKernel.ROWS * GemmStep.K_BLOCK];
        sums = new float[threads][GemmStep.ROW_BLOCK * GemmKernel.PANEL];
        scores = new float[threads][AttentionStep.QUERIES * AttentionStep.KEYS];
        gathered = new float[threads][0];
        maxima = new float[threads][AttentionStep.QUERIES];
        totals = new float[threads][AttentionStep.QUERIES];
        factors = new float[threads][AttentionStep.QUERIES];
        wide = new float[threads][0];
        across = new float[threads][0];
        narrow = new short[threads][0];
        int tileSize = WinogradKernels.POSITIONS * WinogradKernels.CHANNELS;
        tile = new float[threads][tileSize];
        between = new float[threads][tileSize];
        transformed = new float[threads][tileSize];
        products = new float[threads][0];
    }

    /** Makes room for blocks of {@link AttentionStep#QUERIES} queries and results of these widths. */
    void reserveAttention(int queryWidth, int paddedValueWidth) {
        workers.betweenSteps(() -> {
            grow(rows, AttentionStep.QUERIES * queryWidth);
            grow(sums, AttentionStep.QUERIES * paddedValueWidth);
            grow(gathered, AttentionStep.QUERIES * paddedValueWidth);
        });
    }

    /** Makes room for pieces of {@code outputs} rows of {@code count} weights. */
    void reserveWeights(int outputs, int count) {
        workers.betweenSteps(() -> {
            grow(wide, outputs * count);
            grow(across, Math.max(GemmKernel.PANEL, WinogradKernels.CHANNELS) * count);
            for (int i = 0; i < narrow.length; i++) {
                narrow[i] = narrow[i].length < count ? new short[count] : narrow[i];
            }
        });
    }

    /** Makes room for the products of a task of a Winograd convolution. */
    void reserveWinograd(int count) {
        workers.betweenSteps(() -> grow(products, count));
    }

    private static void grow(float[][] arrays, int length) {
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = arrays[i].length < length ? new float[length] : arrays[i];
        }
    }
}
