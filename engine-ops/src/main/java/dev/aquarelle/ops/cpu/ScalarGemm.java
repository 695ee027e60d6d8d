package dev.aquarelle.ops.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** {@link GemmKernel} without vectors, four columns at a time. */
final class ScalarGemm implements GemmKernel {

    @Override
    public void multiply(
            float[] a, int at, int rows, int k, MemorySegment m, long b, int width, float[] sums, int c, int stride) {
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < width; col += 4) {
                float s0 = 0;
                float s1 = 0;
                float s2 = 0;
                float s3 = 0;
                long from = b + 4L * col;
                for (int i = at + row * k; i < at + (row + 1) * k; i++, from += 4L * width) {
                    s0 = Math.fma(a[i], m.get(JAVA_FLOAT_UNALIGNED, from), s0);
                    s1 = Math.fma(a[i], m.get(JAVA_FLOAT_UNALIGNED, from + 4), s1);
                    s2 = Math.fma(a[i], m.get(JAVA_FLOAT_UNALIGNED, from + 8), s2);
                    s3 = Math.fma(a[i], m.get(JAVA_FLOAT_UNALIGNED, from + 12), s3);
                }
                int to = c + row * stride + col;
                sums[to] = s0;
                sums[to + 1] = s1;
                sums[to + 2] = s2;
                sums[to + 3] = s3;
            }
        }
    }

    @Override
    public void take(MemorySegment m, long from, long stride, int rows, int cols, float[] to, int at) {
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(m, JAVA_FLOAT_UNALIGNED, from + row * stride, to, at + row * cols, cols);
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
            for (int col = 0; col < cols; col++) {
                float sum = sums[at + row * stride + col];
                if (start >= 0) {
                    sum = m.get(JAVA_FLOAT_UNALIGNED, start + row * startStride + 4L * col) + sum;
                }
                m.set(JAVA_FLOAT_UNALIGNED, out + row * outStride + 4L * col, sum);
            }
        }
    }

    @Override
    public void rescale(float[] sums, int at, float factor, float[] more, int moreAt, int count) {
        for (int i = 0; i < count; i++) {
            sums[at + i] = Math.fma(sums[at + i], factor, more[moreAt + i]);
        }
    }
}
