package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.Scalars.get;
import static dev.aquarelle.ops.cpu.Scalars.set;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link NormKernels} on the Vector API. The 16 virtual lanes of a row's sum are one vector of 512 bits, two of 256 or four of 128.
 */
final class VectorNormKernels implements NormKernels {
    private static final VectorSpecies<Float> F32 = Simd.F32;
    private static final int LANES = F32.length();
    private static final long BYTES = F32.vectorByteSize();

    @Override
    public float sum(MemorySegment x, long xAt, int count, float pivot) {
        return rowSum(x, xAt, count, pivot);
    }

    static float rowSum(MemorySegment x, long xAt, int count, float pivot) {
        FloatVector s0 = FloatVector.zero(F32);
        FloatVector s1 = FloatVector.zero(F32);
        FloatVector s2 = FloatVector.zero(F32);
        FloatVector s3 = FloatVector.zero(F32);
        int i = 0;
        for (; i <= count - 16; i += 16) {
            long at = xAt + 4L * i;
            s0 = s0.add(fromMemorySegment(F32, x, at, LITTLE_ENDIAN).sub(pivot));
            if (LANES < 16) {
                s1 = s1.add(fromMemorySegment(F32, x, at + BYTES, LITTLE_ENDIAN).sub(pivot));
            }
            if (LANES < 8) {
                s2 = s2.add(
                        fromMemorySegment(F32, x, at + 2 * BYTES, LITTLE_ENDIAN).sub(pivot));
                s3 = s3.add(
                        fromMemorySegment(F32, x, at + 3 * BYTES, LITTLE_ENDIAN).sub(pivot));
            }
        }
        float sum = VectorMath.sum(s0, s1, s2, s3);
        for (; i < count; i++) {
            sum += get(x, xAt + 4L * i) - pivot;
        }
        return sum;
    }

    @Override
    public float sumOfSquares(MemorySegment x, long xAt, int count, float center) {
        FloatVector s0 = FloatVector.zero(F32);
        FloatVector s1 = FloatVector.zero(F32);
        FloatVector s2 = FloatVector.zero(F32);
        FloatVector s3 = FloatVector.zero(F32);
        int i = 0;
        for (; i <= count - 16; i += 16) {
            long at = xAt + 4L * i;
            FloatVector d0 = fromMemorySegment(F32, x, at, LITTLE_ENDIAN).sub(center);
            s0 = d0.fma(d0, s0);
            if (LANES < 16) {
                FloatVector d1 =
                        fromMemorySegment(F32, x, at + BYTES, LITTLE_ENDIAN).sub(center);
                s1 = d1.fma(d1, s1);
            }
            if (LANES < 8) {
                FloatVector d2 =
                        fromMemorySegment(F32, x, at + 2 * BYTES, LITTLE_ENDIAN).sub(center);
                FloatVector d3 =
                        fromMemorySegment(F32, x, at + 3 * BYTES, LITTLE_ENDIAN).sub(center);
                s2 = d2.fma(d2, s2);
                s3 = d3.fma(d3, s3);
            }
        }
        float sum = VectorMath.sum(s0, s1, s2, s3);
        for (; i < count; i++) {
            sum = ScalarNormKernels.addSquare(sum, get(x, xAt + 4L * i) - center);
        }
        return sum;
    }

    @Override
    public void normalizeRow(
            MemorySegment x,
            long xAt,
            MemorySegment out,
            long outAt,
            int count,
            float center,
            float scale,
            float shift) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN)
                    .sub(center)
                    .fma(scale, shift)
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            set(out, outAt + 4L * i, Math.fma(get(x, xAt + 4L * i) - center, scale, shift));
        }
    }

    @Override
    public void normalizeRowAffine(
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
            long biasAt) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN)
                    .sub(center)
                    .fma(scale, shift);
            v.fma(
                            fromMemorySegment(F32, weight, weightAt + 4L * i, LITTLE_ENDIAN),
                            fromMemorySegment(F32, bias, biasAt + 4L * i, LITTLE_ENDIAN))
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            float v = Math.fma(get(x, xAt + 4L * i) - center, scale, shift);
            set(out, outAt + 4L * i, Math.fma(v, get(weight, weightAt + 4L * i), get(bias, biasAt + 4L * i)));
        }
    }

    /** Row by row, with the sums in L1: memory far away is read three times as fast as by columns (EPYC 9004, JDK 25, 2026-11-23). */
    @Override
    public void channelSums(MemorySegment x, long xAt, int pixels, int channels, MemorySegment sums, long sumsAt) {
        int whole = F32.loopBound(channels);
        for (int c = 0; c < whole; c += LANES) {
            FloatVector.zero(F32).intoMemorySegment(sums, sumsAt + 4L * c, LITTLE_ENDIAN);
        }
        for (int p = 0; p < pixels; p++) {
            long row = xAt + 4L * channels * p;
            for (int c = 0; c < whole; c += LANES) {
                FloatVector d = fromMemorySegment(F32, x, row + 4L * c, LITTLE_ENDIAN)
                        .sub(fromMemorySegment(F32, x, xAt + 4L * c, LITTLE_ENDIAN));
                fromMemorySegment(F32, sums, sumsAt + 4L * c, LITTLE_ENDIAN)
                        .add(d)
                        .intoMemorySegment(sums, sumsAt + 4L * c, LITTLE_ENDIAN);
            }
        }
        for (int c = whole; c < channels; c++) {
            set(sums, sumsAt + 4L * c, ScalarNormKernels.channelSum(x, xAt + 4L * c, pixels, channels));
        }
    }

    /** Column by column, with the sums in registers: {@link #channelSums} has brought x near. */
    @Override
    public void channelSquares(
            MemorySegment x,
            long xAt,
            int pixels,
            int channels,
            MemorySegment centers,
            long centersAt,
            MemorySegment squares,
            long squaresAt) {
        int c = 0;
        for (; c <= channels - 4 * LANES; c += 4 * LANES) {
            fourSquares(x, xAt + 4L * c, pixels, channels, centers, centersAt + 4L * c, squares, squaresAt + 4L * c);
        }
        for (; c <= channels - LANES; c += LANES) {
            oneSquare(x, xAt + 4L * c, pixels, channels, centers, centersAt + 4L * c, squares, squaresAt + 4L * c);
        }
        for (; c < channels; c++) {
            float center = get(centers, centersAt + 4L * c);
            set(
                    squares,
                    squaresAt + 4L * c,
                    ScalarNormKernels.channelSquare(x, xAt + 4L * c, pixels, channels, center));
        }
    }

    private static void fourSquares(
            MemorySegment x,
            long xAt,
            int pixels,
            int channels,
            MemorySegment centers,
            long centersAt,
            MemorySegment squares,
            long squaresAt) {
        FloatVector center0 = fromMemorySegment(F32, centers, centersAt, LITTLE_ENDIAN);
        FloatVector center1 = fromMemorySegment(F32, centers, centersAt + BYTES, LITTLE_ENDIAN);
        FloatVector center2 = fromMemorySegment(F32, centers, centersAt + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector center3 = fromMemorySegment(F32, centers, centersAt + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector s0 = FloatVector.zero(F32);
        FloatVector s1 = FloatVector.zero(F32);
        FloatVector s2 = FloatVector.zero(F32);
        FloatVector s3 = FloatVector.zero(F32);
        for (int p = 0; p < pixels; p++) {
            long at = xAt + 4L * channels * p;
            FloatVector d0 = fromMemorySegment(F32, x, at, LITTLE_ENDIAN).sub(center0);
            FloatVector d1 =
                    fromMemorySegment(F32, x, at + BYTES, LITTLE_ENDIAN).sub(center1);
            FloatVector d2 =
                    fromMemorySegment(F32, x, at + 2 * BYTES, LITTLE_ENDIAN).sub(center2);
            FloatVector d3 =
                    fromMemorySegment(F32, x, at + 3 * BYTES, LITTLE_ENDIAN).sub(center3);
            s0 = d0.fma(d0, s0);
            s1 = d1.fma(d1, s1);
            s2 = d2.fma(d2, s2);
            s3 = d3.fma(d3, s3);
        }
        s0.intoMemorySegment(squares, squaresAt, LITTLE_ENDIAN);
        s1.intoMemorySegment(squares, squaresAt + BYTES, LITTLE_ENDIAN);
        s2.intoMemorySegment(squares, squaresAt + 2 * BYTES, LITTLE_ENDIAN);
        s3.intoMemorySegment(squares, squaresAt + 3 * BYTES, LITTLE_ENDIAN);
    }

    private static void oneSquare(
            MemorySegment x,
            long xAt,
            int pixels,
            int channels,
            MemorySegment centers,
            long centersAt,
            MemorySegment squares,
            long squaresAt) {
        FloatVector center = fromMemorySegment(F32, centers, centersAt, LITTLE_ENDIAN);
        FloatVector s = FloatVector.zero(F32);
        for (int p = 0; p < pixels; p++) {
            FloatVector d = fromMemorySegment(F32, x, xAt + 4L * channels * p, LITTLE_ENDIAN)
                    .sub(center);
            s = d.fma(d, s);
        }
        s.intoMemorySegment(squares, squaresAt, LITTLE_ENDIAN);
    }

    @Override
    public void normalizeChannels(
            MemorySegment x,
            long xAt,
            MemorySegment out,
            long outAt,
            int pixels,
            int channels,
            MemorySegment table,
            long tableAt) {
        int whole = F32.loopBound(channels);
        for (int p = 0; p < pixels; p++) {
            long row = 4L * channels * p;
            for (int c = 0; c < whole; c += LANES) {
                long at = tableAt + 4L * c;
                FloatVector d = fromMemorySegment(F32, x, xAt + row + 4L * c, LITTLE_ENDIAN)
                        .sub(fromMemorySegment(F32, table, at, LITTLE_ENDIAN));
                d.fma(
                                fromMemorySegment(F32, table, at + 4L * channels, LITTLE_ENDIAN),
                                fromMemorySegment(F32, table, at + 8L * channels, LITTLE_ENDIAN))
                        .intoMemorySegment(out, outAt + row + 4L * c, LITTLE_ENDIAN);
            }
            ScalarNormKernels.normalizePixel(x, xAt + row, out, outAt + row, whole, channels, table, tableAt);
        }
    }
}
