package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.Scalars.get;
import static dev.aquarelle.ops.cpu.Scalars.set;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.aquarelle.ops.graph.Activation;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link MapKernels} on the Vector API: whole vectors, then the remaining elements singly. One vector an iteration is enough, the
 * processor works on the next ones meanwhile.
 */
final class VectorMapKernels implements MapKernels {
    private static final VectorSpecies<Float> F32 = Simd.F32;
    private static final int LANES = F32.length();

    /** Each function has its own loop: with the choice inside of one loop, C2 would inline all seven into it and give up. */
    @Override
    public void activate(Activation function, MemorySegment x, long xAt, MemorySegment out, long outAt, int count) {
        int whole = F32.loopBound(count);
        switch (function) {
            case SILU -> silu(x, xAt, out, outAt, whole);
            case GELU -> gelu(x, xAt, out, outAt, whole);
            case GELU_TANH -> geluTanh(x, xAt, out, outAt, whole);
            case QUICK_GELU -> quickGelu(x, xAt, out, outAt, whole);
            case RELU -> relu(x, xAt, out, outAt, whole);
            case SIGMOID -> sigmoid(x, xAt, out, outAt, whole);
            case TANH -> tanh(x, xAt, out, outAt, whole);
        }
        for (int i = whole; i < count; i++) {
            set(out, outAt + 4L * i, ScalarMath.activate(function, get(x, xAt + 4L * i)));
        }
    }

    /** {@link ScalarMath#silu} step by step, its exponential written out: C2 may take this loop into a norm, and would leave calls out of line there. */
    private static void silu(MemorySegment x, long xAt, MemorySegment out, long outAt, int whole) {
        FloatVector low = FloatVector.broadcast(F32, -ScalarMath.LN2_LOW);
        FloatVector high = FloatVector.broadcast(F32, -ScalarMath.LN2_HIGH);
        FloatVector e4 = FloatVector.broadcast(F32, ScalarMath.E4);
        FloatVector e3 = FloatVector.broadcast(F32, ScalarMath.E3);
        FloatVector e2 = FloatVector.broadcast(F32, ScalarMath.E2);
        FloatVector two = FloatVector.broadcast(F32, 2);
        for (int i = 0; i < whole; i += LANES) {
            FloatVector v = fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN);
            FloatVector y = v.neg();
            y = y.blend(ScalarMath.EXP_HIGHEST, y.compare(VectorOperators.GT, ScalarMath.EXP_HIGHEST));
            FloatVector t = y.fma(ScalarMath.LOG2_E, ScalarMath.ROUNDER);
            FloatVector n = t.sub(ScalarMath.ROUNDER);
            FloatVector r = n.fma(low, n.fma(high, y));
            FloatVector p =
                    r.fma(ScalarMath.E6, ScalarMath.E5).fma(r, e4).fma(r, e3).fma(r, e2);
            p = p.fma(r, two).fma(r, two);
            p = p.mul(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
            p = p.blend(0, y.compare(VectorOperators.LT, ScalarMath.EXP_LOWEST));
            v.div(p.add(1)).intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
    }

    private static void gelu(MemorySegment x, long xAt, MemorySegment out, long outAt, int whole) {
        for (int i = 0; i < whole; i += LANES) {
            VectorMath.gelu(fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN))
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
    }

    private static void geluTanh(MemorySegment x, long xAt, MemorySegment out, long outAt, int whole) {
        for (int i = 0; i < whole; i += LANES) {
            VectorMath.geluTanh(fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN))
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
    }

    private static void quickGelu(MemorySegment x, long xAt, MemorySegment out, long outAt, int whole) {
        for (int i = 0; i < whole; i += LANES) {
            VectorMath.quickGelu(fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN))
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
    }

    private static void relu(MemorySegment x, long xAt, MemorySegment out, long outAt, int whole) {
        for (int i = 0; i < whole; i += LANES) {
            VectorMath.relu(fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN))
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
    }

    private static void sigmoid(MemorySegment x, long xAt, MemorySegment out, long outAt, int whole) {
        for (int i = 0; i < whole; i += LANES) {
            VectorMath.sigmoid(fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN))
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
    }

    private static void tanh(MemorySegment x, long xAt, MemorySegment out, long outAt, int whole) {
        for (int i = 0; i < whole; i += LANES) {
            VectorMath.tanh(fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN))
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
    }

    @Override
    public void geGlu(MemorySegment x, long xAt, long gateAt, MemorySegment out, long outAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN);
            FloatVector gate = fromMemorySegment(F32, x, gateAt + 4L * i, LITTLE_ENDIAN);
            v.mul(VectorMath.gelu(gate)).intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            set(out, outAt + 4L * i, get(x, xAt + 4L * i) * ScalarMath.gelu(get(x, gateAt + 4L * i)));
        }
    }

    @Override
    public void add(MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment out, long outAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            fromMemorySegment(F32, a, aAt + 4L * i, LITTLE_ENDIAN)
                    .add(fromMemorySegment(F32, b, bAt + 4L * i, LITTLE_ENDIAN))
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            set(out, outAt + 4L * i, get(a, aAt + 4L * i) + get(b, bAt + 4L * i));
        }
    }

    @Override
    public void multiply(
            MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment out, long outAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            fromMemorySegment(F32, a, aAt + 4L * i, LITTLE_ENDIAN)
                    .mul(fromMemorySegment(F32, b, bAt + 4L * i, LITTLE_ENDIAN))
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            set(out, outAt + 4L * i, get(a, aAt + 4L * i) * get(b, bAt + 4L * i));
        }
    }

    @Override
    public void scale(MemorySegment x, long xAt, MemorySegment out, long outAt, int count, float factor, float offset) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            fromMemorySegment(F32, x, xAt + 4L * i, LITTLE_ENDIAN)
                    .fma(factor, offset)
                    .intoMemorySegment(out, outAt + 4L * i, LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            set(out, outAt + 4L * i, Math.fma(get(x, xAt + 4L * i), factor, offset));
        }
    }

    @Override
    public void average(
            MemorySegment x, long aAt, long bAt, long cAt, long dAt, MemorySegment out, long outAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            long at = 4L * i;
            FloatVector ab = fromMemorySegment(F32, x, aAt + at, LITTLE_ENDIAN)
                    .add(fromMemorySegment(F32, x, bAt + at, LITTLE_ENDIAN));
            FloatVector cd = fromMemorySegment(F32, x, cAt + at, LITTLE_ENDIAN)
                    .add(fromMemorySegment(F32, x, dAt + at, LITTLE_ENDIAN));
            ab.add(cd).mul(0.25f).intoMemorySegment(out, outAt + at, LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            long at = 4L * i;
            float sum = (get(x, aAt + at) + get(x, bAt + at)) + (get(x, cAt + at) + get(x, dAt + at));
            set(out, outAt + at, sum * 0.25f);
        }
    }
}
