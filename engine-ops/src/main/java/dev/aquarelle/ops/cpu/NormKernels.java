package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/**
 * Loops of the normalizations: over one row of {@code count} floats, or over {@code pixels} rows of {@code channels} floats that lie one
 * after the other, one result for each channel. Rows are summed as {@link RowKernels} says, channels in order of the pixels.
 */
interface NormKernels {
    /** The sum of {@code x - pivot}: with a pivot from among the elements a large mean costs no digits. */
    float sum(MemorySegment x, long xAt, int count, float pivot);

    /** The sum of {@code (x - center)^2}. */
    float sumOfSquares(MemorySegment x, long xAt, int count, float center);

    /** {@code out = (x - center) * scale + shift}; out may be x. */
    void normalizeRow(
            MemorySegment x,
            long xAt,
            MemorySegment out,
            long outAt,
            int count,
            float center,
            float scale,
            float shift);

    /** {@code out = ((x - center) * scale + shift) * weight + bias}; out may be x. */
    void normalizeRowAffine(
            MemorySegment x,
            long xAt,
            MemorySegment out,
            long outAt,
            int count,
            float center,
            float scale,
            float shift,
            MemorySegment weight,
            long weightAt,
            MemorySegment bias,
            long biasAt);

    /** For each channel the sum of the differences from its value in the first pixel. */
    void channelSums(MemorySegment x, long xAt, int pixels, int channels, MemorySegment sums, long sumsAt);

    /** For each channel the sum of {@code (x - center)^2}. */
    void channelSquares(
            MemorySegment x,
            long xAt,
            int pixels,
            int channels,
            MemorySegment centers,
            long centersAt,
            MemorySegment squares,
            long squaresAt);

    /**
     * {@code out = (x - center) * scale + shift}; out may be x.
     *
     * @param table the channels' centers, then their scales, then their shifts
     */
    void normalizeChannels(
            MemorySegment x,
            long xAt,
            MemorySegment out,
            long outAt,
            int pixels,
            int channels,
            MemorySegment table,
            long tableAt);
}
