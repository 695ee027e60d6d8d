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
}
