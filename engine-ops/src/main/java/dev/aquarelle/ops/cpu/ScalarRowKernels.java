package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.Scalars.get;
import static dev.aquarelle.ops.cpu.Scalars.set;

import java.lang.foreign.MemorySegment;

/** {@link RowKernels} in plain Java. */
final class ScalarRowKernels implements RowKernels {
    @Override
    public float max(MemorySegment x, long xAt, int count) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            float v = get(x, xAt + 4L * i);
            max = v > max ? v : max;
        }
        return max + 0f; // of the two zeros, always the positive one
    }

    @Override
    public float expSum(MemorySegment x, long xAt, MemorySegment out, long outAt, int count, float scale, float shift) {
        for (int i = 0; i < count; i++) {
            set(out, outAt + 4L * i, ScalarMath.exp(Math.fma(get(x, xAt + 4L * i), scale, -shift)));
        }
        return ScalarNormKernels.rowSum(out, outAt, count, 0);
    }

    @Override
    public void scaleRow(MemorySegment x, long xAt, int count, float factor) {
        for (int i = 0; i < count; i++) {
            set(x, xAt + 4L * i, get(x, xAt + 4L * i) * factor);
        }
    }

    /** Over the array itself: a segment over it would be an object for each row. */
    @Override
    public float max(float[] x, int at, int count) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = at; i < at + count; i++) {
            max = x[i] > max ? x[i] : max;
        }
        return max + 0f;
    }

    @Override
    public float expSum(float[] x, int at, int outAt, int count, float scale, float shift) {
        for (int i = 0; i < count; i++) {
            x[outAt + i] = ScalarMath.exp(Math.fma(x[at + i], scale, -shift));
        }
        float even = fourLanes(x, outAt, count) + fourLanes(x, outAt + 2, count);
        float odd = fourLanes(x, outAt + 1, count) + fourLanes(x, outAt + 3, count);
        return even + odd;
    }

    /** As in {@link ScalarNormKernels}: the first lane and those 4, 8 and 12 after it. */
    private static float fourLanes(float[] x, int at, int count) {
        float s0 = 0;
        float s4 = 0;
        float s8 = 0;
        float s12 = 0;
        for (int i = at; i < at + count; i += 16) {
            s0 += x[i];
            s4 += x[i + 4];
            s8 += x[i + 8];
            s12 += x[i + 12];
        }
        return (s0 + s8) + (s4 + s12);
    }
}
