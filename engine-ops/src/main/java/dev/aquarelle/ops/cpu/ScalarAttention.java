package dev.aquarelle.ops.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** {@link AttentionKernels} in plain Java. */
final class ScalarAttention implements AttentionKernels {
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
        for (int col = 0; col < columns; col++) {
            float greatest = Float.NEGATIVE_INFINITY;
            for (int key = 0, i = col; key < keys; key++, i += GemmKernel.PANEL) {
                greatest = scores[i] > greatest ? scores[i] : greatest;
            }
            float before = maxima[at + col];
            float scaled = greatest * scale;
            float maximum = scaled > before ? scaled : before;
            boolean none = maximum == Float.NEGATIVE_INFINITY;
            float factor = none ? 1 : ScalarMath.exp2(before - maximum);
            float shift = none ? 0 : maximum;
            float sum = 0;
            for (int key = 0, i = col; key < keys; key++, i += GemmKernel.PANEL) {
                float weight = ScalarMath.exp2(Math.fma(scores[i], scale, -shift));
                m.set(JAVA_FLOAT_UNALIGNED, weights + 4L * (key * columns + col), weight);
                sum += weight;
            }
            maxima[at + col] = maximum;
            factors[at + col] = factor;
            totals[at + col] = Math.fma(totals[at + col], factor, sum);
        }
    }

    @Override
    public void gather(float[] gathered, int at, int rows, int columns, float[] factors, int factorsAt, float[] sums) {
        for (int row = 0; row < rows; row++) {
            int from = row * GemmKernel.PANEL;
            for (int col = 0; col < columns; col++) {
                int i = at + from + col;
                gathered[i] = Math.fma(gathered[i], factors[factorsAt + col], sums[from + col]);
            }
        }
    }
}
