package dev.aquarelle.ops.cpu;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link VectorGemm} for vectors of 256 bits, where 16 registers have to do: 12 accumulate, two hold B, two the numbers of A.
 *
 * <p>C2 keeps it that way only if it cannot move the loads of A far ahead, and the range checks of B's four loads in a row stop it: with
 * strips of A that lie {@code [k, 6]}, so that A needs no checks, and two steps of k in a round, it reaches 93 of 100 GFLOP/s where
 * rows of A reach 80. One step in a round, or B in an array, spills an accumulator and reaches 45.
 */
final class VectorGemm256 extends VectorGemm {
    private static final VectorSpecies<Float> F32 = Simd.F32;
    private static final int LANES = 8;

    @Override
    public boolean interleaved() {
        return true;
    }

    @Override
    public void interleave(float[] rows, int at, int stride, int k, float[] to, int toAt) {
        for (int row = 0; row < ROWS; row++) {
            int from = at + row * stride;
            for (int i = 0, out = toAt + row; i < k; i++, out += ROWS) {
                to[out] = rows[from + i];
            }
        }
    }

    /** Panels are as wide as a tile here. */
    @Override
    public void multiply(
            float[] a, int at, int rows, int k, MemorySegment m, long b, int width, float[] sums, int c, int stride) {
        for (int row = 0; row < rows; row += ROWS) {
            int to = c + row * stride;
            tile(a, at + row * k, k / 2, m, b, sums, to, stride);
            if (k % 2 != 0) {
                last(a, at + (row + ROWS) * k - ROWS, m, b + 4L * PANEL * (k - 1), sums, to, stride);
            }
        }
    }

    /** Six rows by two vectors, two steps of k at a time. */
    private static void tile(float[] a, int at, int pairs, MemorySegment m, long b, float[] c, int to, int cStride) {
        FloatVector zero = FloatVector.zero(F32);
        FloatVector s00 = zero;
        FloatVector s01 = zero;
        FloatVector s10 = zero;
        FloatVector s11 = zero;
        FloatVector s20 = zero;
        FloatVector s21 = zero;
        FloatVector s30 = zero;
        FloatVector s31 = zero;
        FloatVector s40 = zero;
        FloatVector s41 = zero;
        FloatVector s50 = zero;
        FloatVector s51 = zero;
        for (int i = at; i < at + 2 * ROWS * pairs; i += 2 * ROWS, b += 4L * 2 * PANEL) {
            FloatVector b0 = fromMemorySegment(F32, m, b, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(F32, m, b + 4L * LANES, LITTLE_ENDIAN);
            FloatVector x = FloatVector.broadcast(F32, a[i]);
            s00 = x.fma(b0, s00);
            s01 = x.fma(b1, s01);
            x = FloatVector.broadcast(F32, a[i + 1]);
            s10 = x.fma(b0, s10);
            s11 = x.fma(b1, s11);
            x = FloatVector.broadcast(F32, a[i + 2]);
            s20 = x.fma(b0, s20);
            s21 = x.fma(b1, s21);
            x = FloatVector.broadcast(F32, a[i + 3]);
            s30 = x.fma(b0, s30);
            s31 = x.fma(b1, s31);
            x = FloatVector.broadcast(F32, a[i + 4]);
            s40 = x.fma(b0, s40);
            s41 = x.fma(b1, s41);
            x = FloatVector.broadcast(F32, a[i + 5]);
            s50 = x.fma(b0, s50);
            s51 = x.fma(b1, s51);
            b0 = fromMemorySegment(F32, m, b + 4L * PANEL, LITTLE_ENDIAN);
            b1 = fromMemorySegment(F32, m, b + 4L * (PANEL + LANES), LITTLE_ENDIAN);
            x = FloatVector.broadcast(F32, a[i + 6]);
            s00 = x.fma(b0, s00);
            s01 = x.fma(b1, s01);
            x = FloatVector.broadcast(F32, a[i + 7]);
            s10 = x.fma(b0, s10);
            s11 = x.fma(b1, s11);
            x = FloatVector.broadcast(F32, a[i + 8]);
            s20 = x.fma(b0, s20);
            s21 = x.fma(b1, s21);
            x = FloatVector.broadcast(F32, a[i + 9]);
            s30 = x.fma(b0, s30);
            s31 = x.fma(b1, s31);
            x = FloatVector.broadcast(F32, a[i + 10]);
            s40 = x.fma(b0, s40);
            s41 = x.fma(b1, s41);
            x = FloatVector.broadcast(F32, a[i + 11]);
            s50 = x.fma(b0, s50);
            s51 = x.fma(b1, s51);
        }
        s00.intoArray(c, to);
        s01.intoArray(c, to + LANES);
        s10.intoArray(c, to + cStride);
        s11.intoArray(c, to + cStride + LANES);
        s20.intoArray(c, to + 2 * cStride);
        s21.intoArray(c, to + 2 * cStride + LANES);
        s30.intoArray(c, to + 3 * cStride);
        s31.intoArray(c, to + 3 * cStride + LANES);
        s40.intoArray(c, to + 4 * cStride);
        s41.intoArray(c, to + 4 * cStride + LANES);
        s50.intoArray(c, to + 5 * cStride);
        s51.intoArray(c, to + 5 * cStride + LANES);
    }

    /** A last step of k, added to the sums. */
    private static void last(float[] a, int at, MemorySegment m, long b, float[] c, int to, int cStride) {
        FloatVector b0 = fromMemorySegment(F32, m, b, LITTLE_ENDIAN);
        FloatVector b1 = fromMemorySegment(F32, m, b + 4L * LANES, LITTLE_ENDIAN);
        for (int row = 0; row < ROWS; row++) {
            FloatVector x = FloatVector.broadcast(F32, a[at + row]);
            int sum = to + row * cStride;
            x.fma(b0, FloatVector.fromArray(F32, c, sum)).intoArray(c, sum);
            x.fma(b1, FloatVector.fromArray(F32, c, sum + LANES)).intoArray(c, sum + LANES);
        }
    }
}
