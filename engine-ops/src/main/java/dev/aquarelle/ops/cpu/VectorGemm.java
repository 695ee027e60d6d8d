package dev.aquarelle.ops.cpu;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link GemmKernel} on the Vector API. The accumulators of a tile are local variables of one straight loop body, which is what keeps
 * them in registers (arrays, fields or helpers returning several would not).
 *
 * <p>C2 stops inlining into a method at about 18,000 nodes, and a vector that crosses a call is boxed: 7 instead of 110 GFLOP/s. A
 * multiply-add takes 460 nodes, an access to a segment 500 to 800, to an array 200. With 24 multiply-adds there is room for four
 * loads from a segment; hence A and the sums are in arrays, and biases and masks are left to {@link #put}.
 *
 * <p>Tiles of four vectors want 32 registers, of which 24 accumulate: {@link VectorGemm256} is for machines with fewer.
 */
class VectorGemm implements GemmKernel {
    private static final VectorSpecies<Float> F32 = Simd.F32;
    private static final int LANES = F32.length();
    private static final long BYTES = 4L * LANES;

    /** With five vectors, 20 of 32 registers accumulate. */
    private static final int ROWS_OF_FIVE = 4;

    @Override
    public void multiply(
            float[] a, int at, int rows, int k, MemorySegment m, long b, int width, float[] sums, int c, int stride) {
        if (width == 5 * LANES) {
            for (int row = 0; row < rows; row += ROWS_OF_FIVE) {
                tile5(a, at + row * k, k, m, b, 4L * width, sums, c + row * stride, stride);
            }
            return;
        }
        for (int row = 0; row < rows; row += ROWS) {
            for (int col = 0; col < width; ) {
                int to = c + row * stride + col;
                long panel = b + 4L * col;
                int vectors = Math.min((width - col) / LANES, 4);
                switch (vectors) {
                    case 4 -> tile4(a, at + row * k, k, m, panel, 4L * width, sums, to, stride);
                    case 3 -> tile3(a, at + row * k, k, m, panel, 4L * width, sums, to, stride);
                    case 2 -> tile2(a, at + row * k, k, m, panel, 4L * width, sums, to, stride);
                    default -> tile1(a, at + row * k, k, m, panel, 4L * width, sums, to, stride);
                }
                col += vectors * LANES;
            }
        }
    }

    /** Four rows by five vectors. */
    private static void tile5(
            float[] a, int at, int stride, MemorySegment m, long b, long bStride, float[] c, int to, int cStride) {
        FloatVector zero = FloatVector.zero(F32);
        FloatVector s00 = zero;
        FloatVector s01 = zero;
        FloatVector s02 = zero;
        FloatVector s03 = zero;
        FloatVector s04 = zero;
        FloatVector s10 = zero;
        FloatVector s11 = zero;
        FloatVector s12 = zero;
        FloatVector s13 = zero;
        FloatVector s14 = zero;
        FloatVector s20 = zero;
        FloatVector s21 = zero;
        FloatVector s22 = zero;
        FloatVector s23 = zero;
        FloatVector s24 = zero;
        FloatVector s30 = zero;
        FloatVector s31 = zero;
        FloatVector s32 = zero;
        FloatVector s33 = zero;
        FloatVector s34 = zero;
        for (int i = at; i < at + stride; i++, b += bStride) {
            FloatVector b0 = fromMemorySegment(F32, m, b, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(F32, m, b + BYTES, LITTLE_ENDIAN);
            FloatVector b2 = fromMemorySegment(F32, m, b + 2 * BYTES, LITTLE_ENDIAN);
            FloatVector b3 = fromMemorySegment(F32, m, b + 3 * BYTES, LITTLE_ENDIAN);
            FloatVector b4 = fromMemorySegment(F32, m, b + 4 * BYTES, LITTLE_ENDIAN);
            FloatVector x = FloatVector.broadcast(F32, a[i]);
            s00 = x.fma(b0, s00);
            s01 = x.fma(b1, s01);
            s02 = x.fma(b2, s02);
            s03 = x.fma(b3, s03);
            s04 = x.fma(b4, s04);
            x = FloatVector.broadcast(F32, a[i + stride]);
            s10 = x.fma(b0, s10);
            s11 = x.fma(b1, s11);
            s12 = x.fma(b2, s12);
            s13 = x.fma(b3, s13);
            s14 = x.fma(b4, s14);
            x = FloatVector.broadcast(F32, a[i + 2 * stride]);
            s20 = x.fma(b0, s20);
            s21 = x.fma(b1, s21);
            s22 = x.fma(b2, s22);
            s23 = x.fma(b3, s23);
            s24 = x.fma(b4, s24);
            x = FloatVector.broadcast(F32, a[i + 3 * stride]);
            s30 = x.fma(b0, s30);
            s31 = x.fma(b1, s31);
            s32 = x.fma(b2, s32);
            s33 = x.fma(b3, s33);
            s34 = x.fma(b4, s34);
        }
        s00.intoArray(c, to);
        s01.intoArray(c, to + LANES);
        s02.intoArray(c, to + 2 * LANES);
        s03.intoArray(c, to + 3 * LANES);
        s04.intoArray(c, to + 4 * LANES);
        s10.intoArray(c, to + cStride);
        s11.intoArray(c, to + cStride + LANES);
        s12.intoArray(c, to + cStride + 2 * LANES);
        s13.intoArray(c, to + cStride + 3 * LANES);
        s14.intoArray(c, to + cStride + 4 * LANES);
        s20.intoArray(c, to + 2 * cStride);
        s21.intoArray(c, to + 2 * cStride + LANES);
        s22.intoArray(c, to + 2 * cStride + 2 * LANES);
        s23.intoArray(c, to + 2 * cStride + 3 * LANES);
        s24.intoArray(c, to + 2 * cStride + 4 * LANES);
        s30.intoArray(c, to + 3 * cStride);
        s31.intoArray(c, to + 3 * cStride + LANES);
        s32.intoArray(c, to + 3 * cStride + 2 * LANES);
        s33.intoArray(c, to + 3 * cStride + 3 * LANES);
        s34.intoArray(c, to + 3 * cStride + 4 * LANES);
    }

    /** Six rows by four vectors. */
    private static void tile4(
            float[] a, int at, int stride, MemorySegment m, long b, long bStride, float[] c, int to, int cStride) {
        FloatVector zero = FloatVector.zero(F32);
        FloatVector s00 = zero;
        FloatVector s01 = zero;
        FloatVector s02 = zero;
        FloatVector s03 = zero;
        FloatVector s10 = zero;
        FloatVector s11 = zero;
        FloatVector s12 = zero;
        FloatVector s13 = zero;
        FloatVector s20 = zero;
        FloatVector s21 = zero;
        FloatVector s22 = zero;
        FloatVector s23 = zero;
        FloatVector s30 = zero;
        FloatVector s31 = zero;
        FloatVector s32 = zero;
        FloatVector s33 = zero;
        FloatVector s40 = zero;
        FloatVector s41 = zero;
        FloatVector s42 = zero;
        FloatVector s43 = zero;
        FloatVector s50 = zero;
        FloatVector s51 = zero;
        FloatVector s52 = zero;
        FloatVector s53 = zero;
        for (int i = at; i < at + stride; i++, b += bStride) {
            FloatVector b0 = fromMemorySegment(F32, m, b, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(F32, m, b + BYTES, LITTLE_ENDIAN);
            FloatVector b2 = fromMemorySegment(F32, m, b + 2 * BYTES, LITTLE_ENDIAN);
            FloatVector b3 = fromMemorySegment(F32, m, b + 3 * BYTES, LITTLE_ENDIAN);
            FloatVector x = FloatVector.broadcast(F32, a[i]);
            s00 = x.fma(b0, s00);
            s01 = x.fma(b1, s01);
            s02 = x.fma(b2, s02);
            s03 = x.fma(b3, s03);
            x = FloatVector.broadcast(F32, a[i + stride]);
            s10 = x.fma(b0, s10);
            s11 = x.fma(b1, s11);
            s12 = x.fma(b2, s12);
            s13 = x.fma(b3, s13);
            x = FloatVector.broadcast(F32, a[i + 2 * stride]);
            s20 = x.fma(b0, s20);
            s21 = x.fma(b1, s21);
            s22 = x.fma(b2, s22);
            s23 = x.fma(b3, s23);
            x = FloatVector.broadcast(F32, a[i + 3 * stride]);
            s30 = x.fma(b0, s30);
            s31 = x.fma(b1, s31);
            s32 = x.fma(b2, s32);
            s33 = x.fma(b3, s33);
            x = FloatVector.broadcast(F32, a[i + 4 * stride]);
            s40 = x.fma(b0, s40);
            s41 = x.fma(b1, s41);
            s42 = x.fma(b2, s42);
            s43 = x.fma(b3, s43);
            x = FloatVector.broadcast(F32, a[i + 5 * stride]);
            s50 = x.fma(b0, s50);
            s51 = x.fma(b1, s51);
            s52 = x.fma(b2, s52);
            s53 = x.fma(b3, s53);
        }
        s00.intoArray(c, to);
        s01.intoArray(c, to + LANES);
        s02.intoArray(c, to + 2 * LANES);
        s03.intoArray(c, to + 3 * LANES);
        s10.intoArray(c, to + cStride);
        s11.intoArray(c, to + cStride + LANES);
        s12.intoArray(c, to + cStride + 2 * LANES);
        s13.intoArray(c, to + cStride + 3 * LANES);
        s20.intoArray(c, to + 2 * cStride);
        s21.intoArray(c, to + 2 * cStride + LANES);
        s22.intoArray(c, to + 2 * cStride + 2 * LANES);
        s23.intoArray(c, to + 2 * cStride + 3 * LANES);
        s30.intoArray(c, to + 3 * cStride);
        s31.intoArray(c, to + 3 * cStride + LANES);
        s32.intoArray(c, to + 3 * cStride + 2 * LANES);
        s33.intoArray(c, to + 3 * cStride + 3 * LANES);
        s40.intoArray(c, to + 4 * cStride);
        s41.intoArray(c, to + 4 * cStride + LANES);
        s42.intoArray(c, to + 4 * cStride + 2 * LANES);
        s43.intoArray(c, to + 4 * cStride + 3 * LANES);
        s50.intoArray(c, to + 5 * cStride);
        s51.intoArray(c, to + 5 * cStride + LANES);
        s52.intoArray(c, to + 5 * cStride + 2 * LANES);
        s53.intoArray(c, to + 5 * cStride + 3 * LANES);
    }

    /** Six rows by three vectors. */
    private static void tile3(
            float[] a, int at, int stride, MemorySegment m, long b, long bStride, float[] c, int to, int cStride) {
        FloatVector zero = FloatVector.zero(F32);
        FloatVector s00 = zero;
        FloatVector s01 = zero;
        FloatVector s02 = zero;
        FloatVector s10 = zero;
        FloatVector s11 = zero;
        FloatVector s12 = zero;
        FloatVector s20 = zero;
        FloatVector s21 = zero;
        FloatVector s22 = zero;
        FloatVector s30 = zero;
        FloatVector s31 = zero;
        FloatVector s32 = zero;
        FloatVector s40 = zero;
        FloatVector s41 = zero;
        FloatVector s42 = zero;
        FloatVector s50 = zero;
        FloatVector s51 = zero;
        FloatVector s52 = zero;
        for (int i = at; i < at + stride; i++, b += bStride) {
            FloatVector b0 = fromMemorySegment(F32, m, b, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(F32, m, b + BYTES, LITTLE_ENDIAN);
            FloatVector b2 = fromMemorySegment(F32, m, b + 2 * BYTES, LITTLE_ENDIAN);
            FloatVector x = FloatVector.broadcast(F32, a[i]);
            s00 = x.fma(b0, s00);
            s01 = x.fma(b1, s01);
            s02 = x.fma(b2, s02);
            x = FloatVector.broadcast(F32, a[i + stride]);
            s10 = x.fma(b0, s10);
            s11 = x.fma(b1, s11);
            s12 = x.fma(b2, s12);
            x = FloatVector.broadcast(F32, a[i + 2 * stride]);
            s20 = x.fma(b0, s20);
            s21 = x.fma(b1, s21);
            s22 = x.fma(b2, s22);
            x = FloatVector.broadcast(F32, a[i + 3 * stride]);
            s30 = x.fma(b0, s30);
            s31 = x.fma(b1, s31);
            s32 = x.fma(b2, s32);
            x = FloatVector.broadcast(F32, a[i + 4 * stride]);
            s40 = x.fma(b0, s40);
            s41 = x.fma(b1, s41);
            s42 = x.fma(b2, s42);
            x = FloatVector.broadcast(F32, a[i + 5 * stride]);
            s50 = x.fma(b0, s50);
            s51 = x.fma(b1, s51);
            s52 = x.fma(b2, s52);
        }
        s00.intoArray(c, to);
        s01.intoArray(c, to + LANES);
        s02.intoArray(c, to + 2 * LANES);
        s10.intoArray(c, to + cStride);
        s11.intoArray(c, to + cStride + LANES);
        s12.intoArray(c, to + cStride + 2 * LANES);
        s20.intoArray(c, to + 2 * cStride);
        s21.intoArray(c, to + 2 * cStride + LANES);
        s22.intoArray(c, to + 2 * cStride + 2 * LANES);
        s30.intoArray(c, to + 3 * cStride);
        s31.intoArray(c, to + 3 * cStride + LANES);
        s32.intoArray(c, to + 3 * cStride + 2 * LANES);
        s40.intoArray(c, to + 4 * cStride);
        s41.intoArray(c, to + 4 * cStride + LANES);
        s42.intoArray(c, to + 4 * cStride + 2 * LANES);
        s50.intoArray(c, to + 5 * cStride);
        s51.intoArray(c, to + 5 * cStride + LANES);
        s52.intoArray(c, to + 5 * cStride + 2 * LANES);
    }

    /** Six rows by two vectors. */
    private static void tile2(
            float[] a, int at, int stride, MemorySegment m, long b, long bStride, float[] c, int to, int cStride) {
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
        for (int i = at; i < at + stride; i++, b += bStride) {
            FloatVector b0 = fromMemorySegment(F32, m, b, LITTLE_ENDIAN);
            FloatVector b1 = fromMemorySegment(F32, m, b + BYTES, LITTLE_ENDIAN);
            FloatVector x = FloatVector.broadcast(F32, a[i]);
            s00 = x.fma(b0, s00);
            s01 = x.fma(b1, s01);
            x = FloatVector.broadcast(F32, a[i + stride]);
            s10 = x.fma(b0, s10);
            s11 = x.fma(b1, s11);
            x = FloatVector.broadcast(F32, a[i + 2 * stride]);
            s20 = x.fma(b0, s20);
            s21 = x.fma(b1, s21);
            x = FloatVector.broadcast(F32, a[i + 3 * stride]);
            s30 = x.fma(b0, s30);
            s31 = x.fma(b1, s31);
            x = FloatVector.broadcast(F32, a[i + 4 * stride]);
            s40 = x.fma(b0, s40);
            s41 = x.fma(b1, s41);
            x = FloatVector.broadcast(F32, a[i + 5 * stride]);
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

    /** Six rows by one vector. */
    private static void tile1(
            float[] a, int at, int stride, MemorySegment m, long b, long bStride, float[] c, int to, int cStride) {
        FloatVector zero = FloatVector.zero(F32);
        FloatVector s00 = zero;
        FloatVector s10 = zero;
        FloatVector s20 = zero;
        FloatVector s30 = zero;
        FloatVector s40 = zero;
        FloatVector s50 = zero;
        for (int i = at; i < at + stride; i++, b += bStride) {
            FloatVector b0 = fromMemorySegment(F32, m, b, LITTLE_ENDIAN);
            FloatVector x = FloatVector.broadcast(F32, a[i]);
            s00 = x.fma(b0, s00);
            x = FloatVector.broadcast(F32, a[i + stride]);
            s10 = x.fma(b0, s10);
            x = FloatVector.broadcast(F32, a[i + 2 * stride]);
            s20 = x.fma(b0, s20);
            x = FloatVector.broadcast(F32, a[i + 3 * stride]);
            s30 = x.fma(b0, s30);
            x = FloatVector.broadcast(F32, a[i + 4 * stride]);
            s40 = x.fma(b0, s40);
            x = FloatVector.broadcast(F32, a[i + 5 * stride]);
            s50 = x.fma(b0, s50);
        }
        s00.intoArray(c, to);
        s10.intoArray(c, to + cStride);
        s20.intoArray(c, to + 2 * cStride);
        s30.intoArray(c, to + 3 * cStride);
        s40.intoArray(c, to + 4 * cStride);
        s50.intoArray(c, to + 5 * cStride);
    }

    /** With vectors: a copy of its own for each row takes longer to begin than the row. */
    @Override
    public void take(MemorySegment m, long from, long stride, int rows, int cols, float[] to, int at) {
        for (int row = 0; row < rows; row++) {
            long source = from + row * stride;
            int target = at + row * cols;
            int col = 0;
            for (; col < F32.loopBound(cols); col += LANES) {
                fromMemorySegment(F32, m, source + 4L * col, LITTLE_ENDIAN).intoArray(to, target + col);
            }
            for (; col < cols; col++) {
                to[target + col] = Scalars.get(m, source + 4L * col);
            }
        }
    }

    @Override
    public void put(
            float[] sums,
            int at,
            int stride,
            int rows,
            int cols,
            MemorySegment m,
            long out,
            long outStride,
            long start,
            long startStride) {
        for (int row = 0; row < rows; row++) {
            long to = out + row * outStride;
            long from = start + row * startStride;
            int sum0 = at + row * stride;
            int col = 0;
            for (; col < F32.loopBound(cols); col += LANES) {
                FloatVector sum = FloatVector.fromArray(F32, sums, sum0 + col);
                (start < 0
                                ? sum
                                : fromMemorySegment(F32, m, from + 4L * col, LITTLE_ENDIAN)
                                        .add(sum))
                        .intoMemorySegment(m, to + 4L * col, LITTLE_ENDIAN);
            }
            if (col < cols) {
                VectorMask<Float> mask = F32.indexInRange(col, cols);
                FloatVector sum = FloatVector.fromArray(F32, sums, sum0 + col, mask);
                (start < 0
                                ? sum
                                : fromMemorySegment(F32, m, from + 4L * col, LITTLE_ENDIAN, mask)
                                        .add(sum))
                        .intoMemorySegment(m, to + 4L * col, LITTLE_ENDIAN, mask);
            }
        }
    }

    @Override
    public void rescale(float[] sums, int at, float factor, float[] more, int moreAt, int count) {
        for (int i = 0; i < count; i += LANES) {
            FloatVector.fromArray(F32, sums, at + i)
                    .fma(FloatVector.broadcast(F32, factor), FloatVector.fromArray(F32, more, moreAt + i))
                    .intoArray(sums, at + i);
        }
    }
}
