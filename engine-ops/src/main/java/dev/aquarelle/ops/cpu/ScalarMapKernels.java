package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.Scalars.get;
import static dev.aquarelle.ops.cpu.Scalars.set;

import dev.aquarelle.ops.graph.Activation;
import java.lang.foreign.MemorySegment;

/** {@link MapKernels} in plain Java. */
final class ScalarMapKernels implements MapKernels {
    @Override
    public void activate(Activation function, MemorySegment x, long xAt, MemorySegment out, long outAt, int count) {
        for (int i = 0; i < count; i++) {
            set(out, outAt + 4L * i, ScalarMath.activate(function, get(x, xAt + 4L * i)));
        }
    }

    @Override
    public void geGlu(MemorySegment x, long xAt, long gateAt, MemorySegment out, long outAt, int count) {
        for (int i = 0; i < count; i++) {
            set(out, outAt + 4L * i, get(x, xAt + 4L * i) * ScalarMath.gelu(get(x, gateAt + 4L * i)));
        }
    }

    @Override
    public void add(MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment out, long outAt, int count) {
        for (int i = 0; i < count; i++) {
            set(out, outAt + 4L * i, get(a, aAt + 4L * i) + get(b, bAt + 4L * i));
        }
    }

    @Override
    public void multiply(
            MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment out, long outAt, int count) {
        for (int i = 0; i < count; i++) {
            set(out, outAt + 4L * i, get(a, aAt + 4L * i) * get(b, bAt + 4L * i));
        }
    }

    @Override
    public void scale(MemorySegment x, long xAt, MemorySegment out, long outAt, int count, float factor, float offset) {
        for (int i = 0; i < count; i++) {
            set(out, outAt + 4L * i, Math.fma(get(x, xAt + 4L * i), factor, offset));
        }
    }

    @Override
    public void average(
            MemorySegment x, long aAt, long bAt, long cAt, long dAt, MemorySegment out, long outAt, int count) {
        for (int i = 0; i < count; i++) {
            long at = 4L * i;
            float sum = (get(x, aAt + at) + get(x, bAt + at)) + (get(x, cAt + at) + get(x, dAt + at));
            set(out, outAt + at, sum * 0.25f);
        }
    }
}
