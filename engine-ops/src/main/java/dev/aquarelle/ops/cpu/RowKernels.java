package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;

/**
 * Loops over one row of a softmax. {@code x} and {@code xAt} say where the row's {@code count} floats
 * start, in bytes.
 *
 * <p>A sum has the same bits for every width of vector: the element i of all whole blocks of 16 is added to the virtual lane
 * {@code i % 16}, in order of i; the lanes are added 8 + 8, 4 + 4, 2 + 2, 1 + 1; and the elements of the last, partial block follow one
 * by one. Here as in all kernels, elements that do not fill a vector are computed singly by the scalar function of the same bits: a
 * masked vector would need the function's code a second time, in a place where C2 does not inline it unless it is hot too.
 */
interface RowKernels {
    /** The largest element, minus infinity if there is none; NaN is passed over. */
    float max(MemorySegment x, long xAt, int count);

    /**
     * Writes {@code exp(x * scale - shift)}, the argument rounded once, and returns its sum. The output may be the row itself.
     *
     * @param shift the largest {@code x * scale}, so that nothing overflows
     */
    float expSum(MemorySegment x, long xAt, MemorySegment out, long outAt, int count, float scale, float shift);

    /** {@code x = x * factor}. */
    void scaleRow(MemorySegment x, long xAt, int count, float factor);
}
