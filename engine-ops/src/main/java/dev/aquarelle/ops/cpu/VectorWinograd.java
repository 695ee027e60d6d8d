package dev.aquarelle.ops.cpu;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link WinogradKernels} on the Vector API; counts are multiples of the widest vector, so no part of a vector is ever left over. */
final class VectorWinograd implements WinogradKernels {
    private static final VectorSpecies<Float> F32 = Simd.F32;
    private static final int LANES = F32.length();

    @Override
    public void pixels(float[] x, int from, int step, float[] y, int to, int yStep, int count) {
        FloatVector minus2 = FloatVector.broadcast(F32, -2f);
        FloatVector minusHalf = FloatVector.broadcast(F32, -0.5f);
        FloatVector middle = FloatVector.broadcast(F32, -2.5f);
        FloatVector near = FloatVector.broadcast(F32, HALF_ROOT_2);
        FloatVector far = FloatVector.broadcast(F32, ROOT_2);
        for (int i = 0; i < count; i += LANES) {
            int at = from + i;
            int out = to + i;
            FloatVector x1 = FloatVector.fromArray(F32, x, at + step);
            FloatVector x2 = FloatVector.fromArray(F32, x, at + 2 * step);
            FloatVector x3 = FloatVector.fromArray(F32, x, at + 3 * step);
            FloatVector x4 = FloatVector.fromArray(F32, x, at + 4 * step);
            x2.fma(middle, FloatVector.fromArray(F32, x, at).add(x4)).intoArray(y, out);
            x3.fma(middle, x1.add(FloatVector.fromArray(F32, x, at + 5 * step))).intoArray(y, out + 5 * yStep);
            FloatVector even = x2.fma(minus2, x4);
            FloatVector odd = x1.fma(minus2, x3);
            odd.fma(near, even).intoArray(y, out + yStep);
            odd.neg().fma(near, even).intoArray(y, out + 2 * yStep);
            even = x2.fma(minusHalf, x4);
            odd = x1.fma(minusHalf, x3);
            odd.fma(far, even).intoArray(y, out + 3 * yStep);
            odd.neg().fma(far, even).intoArray(y, out + 4 * yStep);
        }
    }

    @Override
    public void weights(float[] x, int from, int step, float[] y, int to, int yStep, int count) {
        FloatVector half = FloatVector.broadcast(F32, 0.5f);
        FloatVector two = FloatVector.broadcast(F32, 2f);
        FloatVector near = FloatVector.broadcast(F32, ROOT_2_THIRDS);
        FloatVector far = FloatVector.broadcast(F32, ROOT_2_SIXTHS);
        for (int i = 0; i < count; i += LANES) {
            int out = to + i;
            FloatVector x0 = FloatVector.fromArray(F32, x, from + i);
            FloatVector x1 = FloatVector.fromArray(F32, x, from + i + step);
            FloatVector x2 = FloatVector.fromArray(F32, x, from + i + 2 * step);
            x0.intoArray(y, out);
            x2.intoArray(y, out + 5 * yStep);
            FloatVector even = x2.fma(half, x0).mul(MINUS_2_THIRDS);
            x1.neg().fma(near, even).intoArray(y, out + yStep);
            x1.fma(near, even).intoArray(y, out + 2 * yStep);
            even = x2.fma(two, x0).mul(SIXTH);
            x1.fma(far, even).intoArray(y, out + 3 * yStep);
            x1.neg().fma(far, even).intoArray(y, out + 4 * yStep);
        }
    }

    @Override
    public void sums(float[] x, int from, int step, float[] y, int to, int yStep, int count) {
        FloatVector two = FloatVector.broadcast(F32, 2f);
        FloatVector near = FloatVector.broadcast(F32, 0.5f * HALF_ROOT_2);
        FloatVector far = FloatVector.broadcast(F32, ROOT_2);
        FloatVector farther = FloatVector.broadcast(F32, 2 * ROOT_2);
        for (int i = 0; i < count; i += LANES) {
            int at = from + i;
            int out = to + i;
            FloatVector x1 = FloatVector.fromArray(F32, x, at + step);
            FloatVector x2 = FloatVector.fromArray(F32, x, at + 2 * step);
            FloatVector x3 = FloatVector.fromArray(F32, x, at + 3 * step);
            FloatVector x4 = FloatVector.fromArray(F32, x, at + 4 * step);
            FloatVector even = x1.add(x2);
            FloatVector odd = x1.sub(x2);
            FloatVector evenFar = x3.add(x4);
            FloatVector oddFar = x3.sub(x4);
            FloatVector.fromArray(F32, x, at).add(even).add(evenFar).intoArray(y, out);
            oddFar.fma(far, odd.mul(HALF_ROOT_2)).intoArray(y, out + yStep);
            evenFar.fma(two, even.mul(0.5f)).intoArray(y, out + 2 * yStep);
            oddFar.fma(farther, odd.fma(near, FloatVector.fromArray(F32, x, at + 5 * step)))
                    .intoArray(y, out + 3 * yStep);
        }
    }

    @Override
    public void putWeights(
            float[] x, int from, int count, int run, MemorySegment m, long to, long positionBytes, long runBytes) {
        for (int i = 0; i < count; i += run, to += runBytes) {
            putRun(x, from + i, run, m, to, positionBytes);
        }
    }

    /** As {@link #weights}, step by step. */
    private static void putRun(float[] x, int from, int count, MemorySegment m, long to, long positionBytes) {
        FloatVector half = FloatVector.broadcast(F32, 0.5f);
        FloatVector two = FloatVector.broadcast(F32, 2f);
        FloatVector near = FloatVector.broadcast(F32, ROOT_2_THIRDS);
        FloatVector far = FloatVector.broadcast(F32, ROOT_2_SIXTHS);
        for (int i = 0; i < count; i += LANES) {
            long out = to + 4L * i;
            FloatVector x0 = FloatVector.fromArray(F32, x, from + i);
            FloatVector x1 = FloatVector.fromArray(F32, x, from + i + CHANNELS);
            FloatVector x2 = FloatVector.fromArray(F32, x, from + i + 2 * CHANNELS);
            x0.intoMemorySegment(m, out, LITTLE_ENDIAN);
            x2.intoMemorySegment(m, out + 5 * positionBytes, LITTLE_ENDIAN);
            FloatVector even = x2.fma(half, x0).mul(MINUS_2_THIRDS);
            x1.neg().fma(near, even).intoMemorySegment(m, out + positionBytes, LITTLE_ENDIAN);
            x1.fma(near, even).intoMemorySegment(m, out + 2 * positionBytes, LITTLE_ENDIAN);
            even = x2.fma(two, x0).mul(SIXTH);
            x1.fma(far, even).intoMemorySegment(m, out + 3 * positionBytes, LITTLE_ENDIAN);
            x1.neg().fma(far, even).intoMemorySegment(m, out + 4 * positionBytes, LITTLE_ENDIAN);
        }
    }

    @Override
    public void scatter(float[] x, int count, MemorySegment m, long to, long positionBytes) {
        for (int position = 0; position < POSITIONS; position++) {
            long at = to + position * positionBytes;
            int from = position * CHANNELS;
            for (int i = 0; i < count; i += LANES) {
                FloatVector.fromArray(F32, x, from + i).intoMemorySegment(m, at + 4L * i, LITTLE_ENDIAN);
            }
        }
    }
}
