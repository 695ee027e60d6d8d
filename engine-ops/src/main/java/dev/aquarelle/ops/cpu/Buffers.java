package dev.aquarelle.ops.cpu;

import java.util.Arrays;

/**
 * Arrays for each worker of a backend, small enough to stay in its caches. One step runs at a time, so all programs share them; they
 * grow while programs are compiled, between two steps of those that run. A task may fetch an array as often as it likes, a field of a
 * step must not keep one.
 */
final class Buffers {
    /** Rows of A, at most {@link GemmStep#ROW_BLOCK} x {@link PanelProduct#K_BLOCK}; or a block of keys. */
    final float[][] rows;

    /** A strip of them, before it is interleaved. */
    final float[][] strip;

    /** Some of them turned, columns as rows; or sums before they are turned back. */
    final float[][] turned;

    /** What a panel makes of them, and what the next block of k adds to a strip of that. */
    final float[][] sums;

    final float[][] more;

    /** Values of a block of keys, in strips. */
    final float[][] values;

    /** Scores of a block of keys and a panel of queries. */
    final float[][] scores;

    /** What the queries of a task have gathered so far. */
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

    /** Rows of such numbers, turned. */
    final HalfTranspose[] halves;

    /** A tile of a Winograd convolution before its transform, between the two halves of it, and a strip of tiles after. */
    final float[][] tile;

    final float[][] between;
    final float[][] transformed;

    /** Products of a task of such a convolution. */
    final float[][] products;

    private final Workers workers;
    private float[] shared = new float[0];

    Buffers(Workers workers) {
        this.workers = workers;
        int threads = workers.threads();
        rows = new float[threads][GemmStep.ROW_BLOCK * PanelProduct.K_BLOCK];
        strip = new float[threads][GemmKernel.ROWS * PanelProduct.K_BLOCK];
        turned = new float[threads][WeightRowsStep.WIDEST * PanelProduct.K_BLOCK];
        sums = new float[threads][GemmStep.ROW_BLOCK * GemmKernel.PANEL];
        values = new float[threads][0];
        more = new float[threads][WeightRowsStep.STRIP * WeightRowsStep.WIDEST];
        scores = new float[threads][AttentionStep.KEYS * GemmKernel.PANEL];
        gathered = new float[threads][0];
        maxima = new float[threads][AttentionStep.QUERIES];
        totals = new float[threads][AttentionStep.QUERIES];
        factors = new float[threads][AttentionStep.QUERIES];
        wide = new float[threads][0];
        across = new float[threads][0];
        narrow = new short[threads][0];
        halves = new HalfTranspose[threads];
        Arrays.setAll(halves, i -> new HalfTranspose(0, 0));
        tile = new float[threads][WinogradKernels.SIZE];
        between = new float[threads][WinogradKernels.SIZE];
        transformed = new float[threads][GemmKernel.ROWS * WinogradKernels.SIZE];
        products = new float[threads][0];
    }

    /** All rows of A where there are few, the same for all workers. */
    float[] shared() {
        return shared;
    }

    /** Makes room for all of A [rows, k], and for what a panel makes of it. */
    void reserveFewRows(int rows, int k) {
        workers.betweenSteps(() -> {
            shared = shared.length < rows * k ? new float[rows * k] : shared;
            grow(sums, rows * GemmKernel.PANEL);
        });
    }

    /** Makes room for a block of keys, one of values, and what a task's queries gather. */
    void reserveAttention(AttentionStep.Heads h) {
        workers.betweenSteps(() -> {
            int block = AttentionStep.KEYS * Math.max(h.queryWidth(), h.valueRows());
            grow(rows, block);
            grow(values, block);
            grow(sums, GemmKernel.PANEL * Math.max(h.queryWidth(), h.valueRows()));
            grow(gathered, Math.max(h.queriesATask() * h.valueRows(), GemmKernel.PANEL * h.queryWidth()));
        });
    }

    /** Makes room for pieces of {@code outputs} rows of {@code count} weights. */
    void reserveWeights(int outputs, int count) {
        workers.betweenSteps(() -> {
            grow(wide, outputs * count);
            int width = Math.max(GemmKernel.PANEL, WinogradKernels.CHANNELS);
            grow(across, width * count);
            for (int i = 0; i < narrow.length; i++) {
                halves[i] = halves[i].takes(count, width) ? halves[i] : new HalfTranspose(count, width);
                narrow[i] = narrow[i].length < count ? new short[count] : narrow[i];
            }
        });
    }

    /** Makes room for the products of a task of a Winograd convolution. */
    void reserveWinograd(int count) {
        workers.betweenSteps(() -> grow(products, count));
    }

    /** Makes room for the rows of a task that matches tokens, and for a strip of them. */
    void reserveTokens(MatchTokensStep.Sizes s) {
        workers.betweenSteps(() -> {
            grow(rows, s.rowsATask() * s.channels());
            grow(strip, GemmKernel.ROWS * s.channels());
        });
    }

    private static void grow(float[][] arrays, int length) {
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = arrays[i].length < length ? new float[length] : arrays[i];
        }
    }
}
