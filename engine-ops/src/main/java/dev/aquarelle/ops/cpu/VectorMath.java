package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.ScalarMath.E2;
import static dev.aquarelle.ops.cpu.ScalarMath.E3;
import static dev.aquarelle.ops.cpu.ScalarMath.E4;
import static dev.aquarelle.ops.cpu.ScalarMath.E5;
import static dev.aquarelle.ops.cpu.ScalarMath.E6;
import static dev.aquarelle.ops.cpu.ScalarMath.EXP2_LOWEST;
import static dev.aquarelle.ops.cpu.ScalarMath.EXP_HIGHEST;
import static dev.aquarelle.ops.cpu.ScalarMath.EXP_LOWEST;
import static dev.aquarelle.ops.cpu.ScalarMath.GELU_TANH_CUBIC;
import static dev.aquarelle.ops.cpu.ScalarMath.GELU_TANH_LINEAR;
import static dev.aquarelle.ops.cpu.ScalarMath.LN2_HIGH;
import static dev.aquarelle.ops.cpu.ScalarMath.LN2_LOW;
import static dev.aquarelle.ops.cpu.ScalarMath.LOG2_E;
import static dev.aquarelle.ops.cpu.ScalarMath.P1;
import static dev.aquarelle.ops.cpu.ScalarMath.P2;
import static dev.aquarelle.ops.cpu.ScalarMath.P3;
import static dev.aquarelle.ops.cpu.ScalarMath.P4;
import static dev.aquarelle.ops.cpu.ScalarMath.P5;
import static dev.aquarelle.ops.cpu.ScalarMath.Q0;
import static dev.aquarelle.ops.cpu.ScalarMath.Q1;
import static dev.aquarelle.ops.cpu.ScalarMath.Q2;
import static dev.aquarelle.ops.cpu.ScalarMath.Q3;
import static dev.aquarelle.ops.cpu.ScalarMath.Q4;
import static dev.aquarelle.ops.cpu.ScalarMath.Q5;
import static dev.aquarelle.ops.cpu.ScalarMath.Q6;
import static dev.aquarelle.ops.cpu.ScalarMath.Q7;
import static dev.aquarelle.ops.cpu.ScalarMath.Q8;
import static dev.aquarelle.ops.cpu.ScalarMath.Q9;
import static dev.aquarelle.ops.cpu.ScalarMath.QUICK_GELU;
import static dev.aquarelle.ops.cpu.ScalarMath.ROUNDER;
import static dev.aquarelle.ops.cpu.ScalarMath.T0;
import static dev.aquarelle.ops.cpu.ScalarMath.T1;
import static dev.aquarelle.ops.cpu.ScalarMath.T2;
import static dev.aquarelle.ops.cpu.ScalarMath.T3;
import static dev.aquarelle.ops.cpu.ScalarMath.TAIL_CENTER;
import static dev.aquarelle.ops.cpu.ScalarMath.TAIL_END;
import static dev.aquarelle.ops.cpu.ScalarMath.TANH_SMALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link ScalarMath} on vectors, step by step the same. Call each function once in a loop: C2 stops inlining our methods (but not the
 * Vector API's) at 18000 nodes, which gelu alone makes, and a vector that goes through a call becomes an object.
 */
final class VectorMath {
    private static final VectorSpecies<Float> F32 = Simd.F32;
    private static final int LANES = F32.length();

    private static final VectorShuffle<Float> ROTATE_8 = VectorShuffle.iota(F32, 8, 1, true);
    private static final VectorShuffle<Float> ROTATE_4 = VectorShuffle.iota(F32, 4, 1, true);
    private static final VectorShuffle<Float> ROTATE_2 = VectorShuffle.iota(F32, 2, 1, true);
    private static final VectorShuffle<Float> ROTATE_1 = VectorShuffle.iota(F32, 1, 1, true);

    private VectorMath() {}

    static FloatVector exp(FloatVector x) {
        FloatVector t = x.fma(LOG2_E, ROUNDER);
        FloatVector n = t.sub(ROUNDER);
        FloatVector r = n.fma(FloatVector.broadcast(F32, -LN2_LOW), n.fma(FloatVector.broadcast(F32, -LN2_HIGH), x));
        FloatVector p = r.fma(E6, E5);
        p = p.fma(r, FloatVector.broadcast(F32, E4));
        p = p.fma(r, FloatVector.broadcast(F32, E3));
        p = p.fma(r, FloatVector.broadcast(F32, E2));
        p = p.fma(r, FloatVector.broadcast(F32, 2));
        p = p.fma(r, FloatVector.broadcast(F32, 2));
        FloatVector y =
                p.mul(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
        return y.blend(0, x.compare(VectorOperators.LT, EXP_LOWEST));
    }

    /** Of a vector in an array, which no call turns into an object. */
    static void exp2(float[] array, int at) {
        FloatVector x = FloatVector.fromArray(F32, array, at);
        FloatVector t = x.add(ROUNDER);
        FloatVector r = x.sub(t.sub(ROUNDER));
        FloatVector p = r.fma(P5, P4);
        p = p.fma(r, FloatVector.broadcast(F32, P3));
        p = p.fma(r, FloatVector.broadcast(F32, P2));
        p = p.fma(r, FloatVector.broadcast(F32, P1));
        p = p.fma(r, FloatVector.broadcast(F32, 2));
        FloatVector y =
                p.mul(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
        y.blend(0, x.compare(VectorOperators.LT, EXP2_LOWEST)).intoArray(array, at);
    }

    private static FloatVector gate(FloatVector x, FloatVector y) {
        FloatVector bounded = y.blend(EXP_HIGHEST, y.compare(VectorOperators.GT, EXP_HIGHEST));
        return x.div(exp(bounded).add(1));
    }

    static FloatVector sigmoid(FloatVector x) {
        return gate(FloatVector.broadcast(F32, 1), x.neg());
    }

    static FloatVector quickGelu(FloatVector x) {
        return gate(x, x.mul(QUICK_GELU));
    }

    static FloatVector geluTanh(FloatVector x) {
        return gate(x, x.mul(x.mul(x).fma(GELU_TANH_CUBIC, GELU_TANH_LINEAR)));
    }

    static FloatVector gelu(FloatVector x) {
        FloatVector a = x.abs();
        a = a.blend(TAIL_END, a.compare(VectorOperators.GT, TAIL_END));
        FloatVector square = a.mul(a);
        FloatVector lost = a.fma(a, square.neg());
        FloatVector e = exp(square.mul(-0.5f));
        e = e.fma(lost.mul(-0.5f), e);
        FloatVector d = FloatVector.broadcast(F32, 1).div(a.add(TAIL_CENTER));
        FloatVector q = a.sub(TAIL_CENTER).mul(d);
        FloatVector p = q.fma(Q9, Q8);
        p = p.fma(q, FloatVector.broadcast(F32, Q7));
        p = p.fma(q, FloatVector.broadcast(F32, Q6));
        p = p.fma(q, FloatVector.broadcast(F32, Q5));
        p = p.fma(q, FloatVector.broadcast(F32, Q4));
        p = p.fma(q, FloatVector.broadcast(F32, Q3));
        p = p.fma(q, FloatVector.broadcast(F32, Q2));
        p = p.fma(q, FloatVector.broadcast(F32, Q1));
        p = p.fma(q, FloatVector.broadcast(F32, Q0));
        FloatVector tail = e.mul(p.mul(d));
        return x.mul(tail.blend(FloatVector.broadcast(F32, 1).sub(tail), x.compare(VectorOperators.GT, 0)));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector square = x.mul(x);
        FloatVector p = square.fma(T3, T2);
        p = p.fma(square, FloatVector.broadcast(F32, T1));
        p = p.fma(square, FloatVector.broadcast(F32, T0));
        FloatVector small = p.fma(square, FloatVector.broadcast(F32, 1)).mul(x);
        FloatVector large = FloatVector.broadcast(F32, 1).sub(gate(FloatVector.broadcast(F32, 2), a.add(a)));
        large = large.blend(large.neg(), x.compare(VectorOperators.LT, 0));
        return large.blend(small, a.compare(VectorOperators.LT, TANH_SMALL));
    }

    static FloatVector relu(FloatVector x) {
        return x.blend(0, x.compare(VectorOperators.LE, 0));
    }

    /**
     * The sum of the 16 virtual lanes of a reduction, 8 + 8, 4 + 4, 2 + 2, 1 + 1. Virtual lane i is lane {@code i % LANES} of the
     * vector {@code i / LANES}; vectors that a species of more lanes does not need are not looked at.
     */
    static float sum(FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
        FloatVector s = a;
        if (LANES == 16) {
            s = s.add(s.rearrange(ROTATE_8));
        } else if (LANES == 8) {
            s = s.add(b);
        } else {
            s = s.add(c).add(b.add(d));
        }
        if (LANES >= 8) {
            s = s.add(s.rearrange(ROTATE_4));
        }
        s = s.add(s.rearrange(ROTATE_2));
        s = s.add(s.rearrange(ROTATE_1));
        return s.lane(0);
    }
}
