package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.Scalars.get;
import static dev.aquarelle.ops.cpu.Scalars.set;
import static dev.aquarelle.ops.cpu.Simd.load;
import static dev.aquarelle.ops.cpu.Simd.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@link RowKernels} on the Vector API. */
final class VectorRowKernels implements RowKernels {
    private static final VectorSpecies<Float> F32 = Simd.F32;
    private static final int LANES = F32.length();

    @Override
    public float max(MemorySegment x, long xAt, int count) {
        FloatVector greatest = FloatVector.broadcast(F32, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = load(x, xAt + 4L * i);
            // two instructions, where MAX with its rules for NaN and zeros takes five
            greatest = greatest.blend(v, v.compare(VectorOperators.GT, greatest));
        }
        float max = greatest.reduceLanes(VectorOperators.MAX);
        for (; i < count; i++) {
            float v = get(x, xAt + 4L * i);
            max = v > max ? v : max;
        }
        return max + 0f; // of the two zeros, always the positive one
    }

    /** Two passes, the second over what the first has left in the cache: with both in one loop, vectors of 128 bits need four exp in it. */
    @Override
    public float expSum(MemorySegment x, long xAt, MemorySegment out, long outAt, int count, float scale, float shift) {
        FloatVector factor = FloatVector.broadcast(F32, scale);
        FloatVector offset = FloatVector.broadcast(F32, -shift);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            store(VectorMath.exp(load(x, xAt + 4L * i).fma(factor, offset)), out, outAt + 4L * i);
        }
        for (; i < count; i++) {
            set(out, outAt + 4L * i, ScalarMath.exp(Math.fma(get(x, xAt + 4L * i), scale, -shift)));
        }
        return VectorNormKernels.rowSum(out, outAt, count, 0);
    }

    @Override
    public void scaleRow(MemorySegment x, long xAt, int count, float factor) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            long at = xAt + 4L * i;
            store(load(x, at).mul(factor), x, at);
        }
        for (; i < count; i++) {
            long at = xAt + 4L * i;
            set(x, at, get(x, at) * factor);
        }
    }

    @Override
    public float max(float[] x, int at, int count) {
        FloatVector greatest = FloatVector.broadcast(F32, Float.NEGATIVE_INFINITY);
        for (int i = at; i < at + count; i += LANES) {
            FloatVector v = FloatVector.fromArray(F32, x, i);
            greatest = greatest.blend(v, v.compare(VectorOperators.GT, greatest));
        }
        return greatest.reduceLanes(VectorOperators.MAX) + 0f;
    }

    @Override
    public float expSum(float[] x, int at, int outAt, int count, float scale, float shift) {
        FloatVector factor = FloatVector.broadcast(F32, scale);
        FloatVector offset = FloatVector.broadcast(F32, -shift);
        for (int i = 0; i < count; i += LANES) {
            VectorMath.exp(FloatVector.fromArray(F32, x, at + i).fma(factor, offset))
                    .intoArray(x, outAt + i);
        }
        return sum(x, outAt, count);
    }

    private static float sum(float[] x, int at, int count) {
        FloatVector s0 = FloatVector.zero(F32);
        FloatVector s1 = FloatVector.zero(F32);
        FloatVector s2 = FloatVector.zero(F32);
        FloatVector s3 = FloatVector.zero(F32);
        for (int i = at; i < at + count; i += 16) {
            s0 = s0.add(FloatVector.fromArray(F32, x, i));
            if (LANES < 16) {
                s1 = s1.add(FloatVector.fromArray(F32, x, i + LANES));
            }
            if (LANES < 8) {
                s2 = s2.add(FloatVector.fromArray(F32, x, i + 2 * LANES));
                s3 = s3.add(FloatVector.fromArray(F32, x, i + 3 * LANES));
            }
        }
        return VectorMath.sum(s0, s1, s2, s3);
    }
}
