package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.Scalars.get;
import static dev.aquarelle.ops.cpu.Scalars.set;

import java.lang.foreign.MemorySegment;

/** {@link NormKernels} in plain Java; of the 16 virtual lanes of a sum, four are added up at a time. */
final class ScalarNormKernels implements NormKernels {
    @Override
    public float sum(MemorySegment x, long xAt, int count, float pivot) {
        return rowSum(x, xAt, count, pivot);
    }

    static float rowSum(MemorySegment x, long xAt, int count, float pivot) {
        int whole = count & -16;
        float even = fourLanes(x, xAt, whole, pivot) + fourLanes(x, xAt + 8, whole, pivot);
        float odd = fourLanes(x, xAt + 4, whole, pivot) + fourLanes(x, xAt + 12, whole, pivot);
        float sum = even + odd;
        for (int i = whole; i < count; i++) {
            sum += get(x, xAt + 4L * i) - pivot;
        }
        return sum;
    }

    /** The first lane and those 4, 8 and 12 after it, which are the ones that the tree adds up first. */
    private static float fourLanes(MemorySegment x, long xAt, int whole, float pivot) {
        float s0 = 0;
        float s4 = 0;
        float s8 = 0;
        float s12 = 0;
        for (int i = 0; i < whole; i += 16) {
            long at = xAt + 4L * i;
            s0 += get(x, at) - pivot;
            s4 += get(x, at + 16) - pivot;
            s8 += get(x, at + 32) - pivot;
            s12 += get(x, at + 48) - pivot;
        }
        return (s0 + s8) + (s4 + s12);
    }

    @Override
    public float sumOfSquares(MemorySegment x, long xAt, int count, float center) {
        int whole = count & -16;
        float even = fourLanesOfSquares(x, xAt, whole, center) + fourLanesOfSquares(x, xAt + 8, whole, center);
        float odd = fourLanesOfSquares(x, xAt + 4, whole, center) + fourLanesOfSquares(x, xAt + 12, whole, center);
        float sum = even + odd;
        for (int i = whole; i < count; i++) {
            sum = addSquare(sum, get(x, xAt + 4L * i) - center);
        }
        return sum;
    }

    private static float fourLanesOfSquares(MemorySegment x, long xAt, int whole, float center) {
        float s0 = 0;
        float s4 = 0;
        float s8 = 0;
        float s12 = 0;
        for (int i = 0; i < whole; i += 16) {
            long at = xAt + 4L * i;
            s0 = addSquare(s0, get(x, at) - center);
            s4 = addSquare(s4, get(x, at + 16) - center);
            s8 = addSquare(s8, get(x, at + 32) - center);
            s12 = addSquare(s12, get(x, at + 48) - center);
        }
        return (s0 + s8) + (s4 + s12);
    }

    static float addSquare(float sum, float d) {
        return Math.fma(d, d, sum);
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
        for (int i = 0; i < count; i++) {
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
        for (int i = 0; i < count; i++) {
            float v = Math.fma(get(x, xAt + 4L * i) - center, scale, shift);
            set(out, outAt + 4L * i, Math.fma(v, get(weight, weightAt + 4L * i), get(bias, biasAt + 4L * i)));
        }
    }

    @Override
    public void channelSums(MemorySegment x, long xAt, int pixels, int channels, MemorySegment sums, long sumsAt) {
        for (int c = 0; c < channels; c++) {
            set(sums, sumsAt + 4L * c, channelSum(x, xAt + 4L * c, pixels, channels));
        }
    }

    static float channelSum(MemorySegment x, long xAt, int pixels, int channels) {
        float first = get(x, xAt);
        float sum = 0;
        for (int p = 0; p < pixels; p++) {
            sum += get(x, xAt + 4L * channels * p) - first;
        }
        return sum;
    }

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
        for (int c = 0; c < channels; c++) {
            float center = get(centers, centersAt + 4L * c);
            set(squares, squaresAt + 4L * c, channelSquare(x, xAt + 4L * c, pixels, channels, center));
        }
    }

    static float channelSquare(MemorySegment x, long xAt, int pixels, int channels, float center) {
        float sum = 0;
        for (int p = 0; p < pixels; p++) {
            sum = addSquare(sum, get(x, xAt + 4L * channels * p) - center);
        }
        return sum;
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
        for (int p = 0; p < pixels; p++) {
            long row = 4L * channels * p;
            normalizePixel(x, xAt + row, out, outAt + row, 0, channels, table, tableAt);
        }
    }

    /** One pixel, from channel {@code from} on. */
    static void normalizePixel(
            MemorySegment x,
            long xAt,
            MemorySegment out,
            long outAt,
            int from,
            int channels,
            MemorySegment table,
            long tableAt) {
        for (int c = from; c < channels; c++) {
            long at = tableAt + 4L * c;
            float d = get(x, xAt + 4L * c) - get(table, at);
            set(out, outAt + 4L * c, Math.fma(d, get(table, at + 4L * channels), get(table, at + 8L * channels)));
        }
    }
}
