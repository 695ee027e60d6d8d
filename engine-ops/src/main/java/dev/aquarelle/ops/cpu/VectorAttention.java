package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@link AttentionKernels} on the Vector API: a method for each loop, none with more than one exponential in it. */
final class VectorAttention implements AttentionKernels {
    private static final VectorSpecies<Float> F32 = Simd.F32;
    private static final int LANES = F32.length();
    private static final int PANEL = GemmKernel.PANEL;

    @Override
    public void weigh(
            float[] scores,
            int keys,
            int columns,
            float scale,
            float[] maxima,
            float[] totals,
            float[] factors,
            int at,
            MemorySegment m,
            long weights) {
        for (int col = 0; col < columns; col += LANES) {
            raise(scores, col, keys, scale, maxima, factors, at + col);
            exponentials(
                    scores, col, keys, scale, maxima, totals, factors, at + col, m, weights + 4L * col, 4L * columns);
        }
    }

    /** The largest scores of a vector of columns, and what that makes of those before. */
    private static void raise(float[] scores, int col, int keys, float scale, float[] maxima, float[] factors, int at) {
        FloatVector lowest = FloatVector.broadcast(F32, Float.NEGATIVE_INFINITY);
        FloatVector even = lowest;
        FloatVector odd = lowest;
        int end = col + keys * PANEL;
        int i = col;
        for (; i < end - PANEL; i += 2 * PANEL) { // two chains: each step waits for a comparison
            FloatVector x = FloatVector.fromArray(F32, scores, i);
            FloatVector y = FloatVector.fromArray(F32, scores, i + PANEL);
            // two instructions, where MAX with its rules for NaN and zeros takes five; NaN is passed over
            even = even.blend(x, x.compare(VectorOperators.GT, even));
            odd = odd.blend(y, y.compare(VectorOperators.GT, odd));
        }
        if (i < end) {
            FloatVector x = FloatVector.fromArray(F32, scores, i);
            even = even.blend(x, x.compare(VectorOperators.GT, even));
        }
        FloatVector before = FloatVector.fromArray(F32, maxima, at);
        FloatVector here =
                even.blend(odd, odd.compare(VectorOperators.GT, even)).mul(scale);
        FloatVector maximum = before.blend(here, here.compare(VectorOperators.GT, before));
        maximum.intoArray(maxima, at);
        VectorMask<Float> none = maximum.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY);
        before.sub(maximum).intoArray(factors, at);
        VectorMath.exp2(factors, at);
        FloatVector.fromArray(F32, factors, at).blend(1, none).intoArray(factors, at);
    }

    /**
     * The weights of a vector of columns, and their sum. {@link VectorMath#exp2} is written out: where C2 takes this loop into its callers,
     * as it does in one start of the JVM of four, it would leave calls out of line, and each vector become an object.
     */
    private static void exponentials(
            float[] scores,
            int col,
            int keys,
            float scale,
            float[] maxima,
            float[] totals,
            float[] factors,
            int at,
            MemorySegment m,
            long to,
            long step) {
        FloatVector maximum = FloatVector.fromArray(F32, maxima, at);
        VectorMask<Float> none = maximum.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY);
        FloatVector offset = maximum.blend(0, none).neg();
        FloatVector factor = FloatVector.broadcast(F32, scale);
        FloatVector sum = FloatVector.zero(F32);
        FloatVector p3 = FloatVector.broadcast(F32, ScalarMath.P3);
        FloatVector p2 = FloatVector.broadcast(F32, ScalarMath.P2);
        FloatVector p1 = FloatVector.broadcast(F32, ScalarMath.P1);
        FloatVector two = FloatVector.broadcast(F32, 2);
        int end = col + keys * PANEL;
        for (int i = col; i < end; i += PANEL, to += step) {
            FloatVector x = FloatVector.fromArray(F32, scores, i).fma(factor, offset);
            FloatVector t = x.add(ScalarMath.ROUNDER);
            FloatVector r = x.sub(t.sub(ScalarMath.ROUNDER));
            FloatVector p = r.fma(ScalarMath.P5, ScalarMath.P4).fma(r, p3).fma(r, p2);
            p = p.fma(r, p1).fma(r, two);
            p = p.mul(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
            p = p.blend(0, x.compare(VectorOperators.LT, ScalarMath.EXP2_LOWEST));
            p.intoMemorySegment(m, to, ByteOrder.LITTLE_ENDIAN);
            sum = sum.add(p);
        }
        FloatVector.fromArray(F32, totals, at)
                .fma(FloatVector.fromArray(F32, factors, at), sum)
                .intoArray(totals, at);
    }

    @Override
    public void gather(float[] gathered, int at, int rows, int columns, float[] factors, int factorsAt, float[] sums) {
        for (int col = 0; col < columns; col += LANES) {
            FloatVector factor = FloatVector.fromArray(F32, factors, factorsAt + col);
            int end = col + rows * PANEL;
            for (int i = col; i < end; i += PANEL) {
                FloatVector.fromArray(F32, gathered, at + i)
                        .fma(factor, FloatVector.fromArray(F32, sums, i))
                        .intoArray(gathered, at + i);
            }
        }
    }
}
