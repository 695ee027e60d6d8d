package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/**
 * The inner loops of every matrix product: linear layers, convolutions and both products of attention. Rows of A and the sums are in
 * arrays that stay in the cache, B is in panels of a segment.
 *
 * <p>Each sum is one chain of fused multiply-adds over k in order, begun at 0. So the bits depend on where the caller cuts the sum into
 * blocks, but not on the width of vectors or the shape of tiles.
 */
interface GemmKernel {
    /** Panels of B are padded with zeros to multiples of this many columns: one vector of the widest kind. */
    int COLUMNS = 16;

    /**
     * Columns of a full panel, those of a tile: then a panel is read from its start to its end, as caches and prefetchers like it. No
     * bits depend on it.
     */
    int PANEL = Kernels.panelColumns();

    /** Rows of a tile, which is always computed whole: with 4 vectors of columns, 24 of 32 registers accumulate. */
    int ROWS = 6;

    /** {@code columns} and the padding behind them. */
    static int padded(int columns) {
        return (columns + COLUMNS - 1) / COLUMNS * COLUMNS;
    }

    /** {@code rows} and the rows that the last tile computes beside them. */
    static int paddedRows(int rows) {
        return (rows + ROWS - 1) / ROWS * ROWS;
    }

    /** Whether the numbers of A are wanted column by column of a strip of {@link #ROWS} rows, [k, ROWS], instead of row by row. */
    default boolean interleaved() {
        return false;
    }

    /**
     * A strip of rows [{@link #ROWS}, k] to the [k, ROWS] of an {@link #interleaved} kernel.
     *
     * @param at where the rows begin in {@code rows}, {@code stride} apart
     * @param toAt where the strip begins in {@code to}, another array
     */
    default void interleave(float[] rows, int at, int stride, int k, float[] to, int toAt) {
        throw new UnsupportedOperationException("rows go as they are");
    }

    /**
     * {@code C = A B} for some rows and one panel. Rows are computed in tiles: up to {@link #paddedRows} are read and written. A kernel
     * that takes rows as they are also takes panels of five vectors, and then rows in fours.
     *
     * @param a A [rows, k], strip by strip: rows one after the other, or as {@link #interleaved} says
     * @param b the panel of B [k, width] in {@code m}, in bytes
     * @param width columns of the panel, a multiple of {@link #COLUMNS}, at most {@link #PANEL}
     * @param c where C [rows, width] begins in {@code sums}; its rows are {@code stride} apart
     */
    void multiply(
            float[] a, int at, int rows, int k, MemorySegment m, long b, int width, float[] sums, int c, int stride);

    /**
     * Rows of {@code m} to an array, one behind the other.
     *
     * @param from where the first begins, in bytes; {@code stride} bytes to the next
     * @param at where they go in {@code to}
     */
    void take(MemorySegment m, long from, long stride, int rows, int cols, float[] to, int at);

    /**
     * Takes the sums to the result: {@code out = start + sums} row by row.
     *
     * @param sums [rows, cols] from {@code at} on, its rows {@code stride} apart
     * @param out where the result begins in {@code m}; its rows are {@code outStride} bytes apart
     * @param start what to add to, in {@code m}: the result itself ({@code startStride} as {@code outStride}), one row for all (a bias,
     *     {@code startStride} 0), or nothing if negative
     */
    void put(
            float[] sums,
            int at,
            int stride,
            int rows,
            int cols,
            MemorySegment m,
            long out,
            long outStride,
            long start,
            long startStride);

    /** {@code sums = sums * factor + more} for {@code count} numbers, a multiple of {@link #COLUMNS}, rounded once. */
    void rescale(float[] sums, int at, float factor, float[] more, int moreAt, int count);
}
