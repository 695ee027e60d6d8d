package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/**
 * The transforms of the convolution F(4x4, 3x3) (Lavin and Gray, arXiv:1509.09308): six by six pixels, or three by three weights, become
 * 36 numbers each; their products, summed over channels, become four by four pixels. Each transform is one-dimensional, down the
 * columns and then along the rows, for many channels at a time.
 *
 * <p>The interpolation points are 0, ±1/√2, ±√2 and infinity instead of the usual 0, ±1, ±2: their powers stay near 1, and the
 * result's error against float64 is 2e-6 of the largest value instead of 1e-5 (docs/decisions/0006-winograd.md). Only the factors √2 and
 * 1/3 are rounded.
 */
interface WinogradKernels {
    /** Height and width of the pixels that a tile reads. */
    int TILE = 6;

    /** Height and width of the pixels that a tile makes. */
    int OUT = 4;

    /** Numbers that a tile is transformed to. */
    int POSITIONS = TILE * TILE;

    /** Channels that are transformed at a time, so that a tile stays in the first-level cache. */
    int CHANNELS = 64;

    /** Numbers of a tile that are transformed at a time. */
    int SIZE = POSITIONS * CHANNELS;

    float ROOT_2 = 1.4142135f;
    float HALF_ROOT_2 = 0.70710677f;
    float MINUS_2_THIRDS = -2f / 3;
    float SIXTH = 1f / 6;
    float ROOT_2_THIRDS = ROOT_2 / 3;
    float ROOT_2_SIXTHS = ROOT_2 / 6;

    /** Six rows of {@code count} numbers to six: the rows of x and y are {@code step} and {@code yStep} apart. */
    void pixels(float[] x, int from, int step, float[] y, int to, int yStep, int count);

    /** Three rows of {@code count} numbers to six. */
    void weights(float[] x, int from, int step, float[] y, int to, int yStep, int count);

    /**
     * {@link #weights} of three rows that are {@link #CHANNELS} apart, to their places in memory.
     *
     * @param count numbers of a row, {@code run} at a time, both multiples of {@link GemmKernel#COLUMNS}
     * @param to where the first goes, in bytes
     * @param positionBytes from one of the six to the next
     * @param runBytes from one run of numbers to the next
     */
    void putWeights(
            float[] x, int from, int count, int run, MemorySegment m, long to, long positionBytes, long runBytes);

    /** Six rows of {@code count} numbers to four. */
    void sums(float[] x, int from, int step, float[] y, int to, int yStep, int count);

    /**
     * Transformed numbers [36, {@link #CHANNELS}] to their places.
     *
     * @param count channels that are there, a multiple of {@link GemmKernel#COLUMNS}
     * @param to where the first goes, in bytes
     * @param positionBytes from one position to the next
     */
    void scatter(float[] x, int count, MemorySegment m, long to, long positionBytes);

    /**
     * Pixels [6, 6, {@link #CHANNELS}] to {@code result} [36, CHANNELS] from {@code at} on.
     *
     * @param between as many numbers, overwritten
     * @param count channels that are there, a multiple of {@link GemmKernel#COLUMNS}
     */
    default void transformPixels(float[] tile, float[] between, float[] result, int at, int count) {
        int row = TILE * CHANNELS;
        for (int i = 0; i < TILE; i++) {
            pixels(tile, i * CHANNELS, row, between, i * CHANNELS, row, count);
        }
        for (int i = 0; i < TILE; i++) {
            pixels(between, i * row, CHANNELS, result, at + i * row, CHANNELS, count);
        }
    }

    /**
     * Weights [3, 3, ...] from {@code at} on, their taps {@code tapStep} apart, to their 36 places, as {@link #putWeights} says.
     *
     * @param between overwritten
     */
    default void transformWeights(
            float[] taps,
            int at,
            int tapStep,
            float[] between,
            int count,
            int run,
            MemorySegment m,
            long to,
            long positionBytes,
            long runBytes) {
        int row = 3 * CHANNELS;
        for (int i = 0; i < 3; i++) {
            weights(taps, at + i * tapStep, 3 * tapStep, between, i * CHANNELS, row, count);
        }
        for (int i = 0; i < TILE; i++) {
            putWeights(between, i * row, count, run, m, to + (long) i * TILE * positionBytes, positionBytes, runBytes);
        }
    }

    /** Sums [36, ...] from {@code at} on, {@code step} apart, to {@code result} [4, 4, CHANNELS]. */
    default void transformSums(float[] products, int at, int step, float[] between, float[] result, int count) {
        int row = TILE * CHANNELS;
        for (int i = 0; i < TILE; i++) {
            sums(products, at + i * step, TILE * step, between, i * CHANNELS, row, count);
        }
        for (int i = 0; i < OUT; i++) {
            sums(between, i * row, CHANNELS, result, i * OUT * CHANNELS, CHANNELS, count);
        }
    }
}
