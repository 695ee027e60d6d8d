package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.Scalars.get;
import static dev.aquarelle.ops.cpu.Scalars.set;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

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
            FloatVector v = fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN);
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
            VectorMath.exp(fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN)
                            .fma(factor, offset))
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
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
            fromMemorySegment(F32, x, at, LITTLE_ENDIAN).mul(factor).intoMemorySegment(x, at, LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            long at = xAt + 4L * i;
            set(x, at, get(x, at) * factor);
        }
    }
}
