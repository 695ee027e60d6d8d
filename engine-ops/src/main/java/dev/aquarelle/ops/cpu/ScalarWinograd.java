package dev.aquarelle.ops.cpu;

import static java.lang.Math.fma;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@link WinogradKernels} without vectors. */
final class ScalarWinograd implements WinogradKernels {

    @Override
    public void pixels(float[] x, int from, int step, float[] y, int to, int yStep, int count) {
        for (int i = 0; i < count; i++) {
            int at = from + i;
            float x0 = x[at];
            float x1 = x[at + step];
            float x2 = x[at + 2 * step];
            float x3 = x[at + 3 * step];
            float x4 = x[at + 4 * step];
            float x5 = x[at + 5 * step];
            float even = fma(x2, -2f, x4);
            float odd = fma(x1, -2f, x3);
            float evenFar = fma(x2, -0.5f, x4);
            float oddFar = fma(x1, -0.5f, x3);
            int out = to + i;
            y[out] = fma(x2, -2.5f, x0 + x4);
            y[out + yStep] = fma(odd, HALF_ROOT_2, even);
            y[out + 2 * yStep] = fma(odd, -HALF_ROOT_2, even);
            y[out + 3 * yStep] = fma(oddFar, ROOT_2, evenFar);
            y[out + 4 * yStep] = fma(oddFar, -ROOT_2, evenFar);
            y[out + 5 * yStep] = fma(x3, -2.5f, x1 + x5);
        }
    }

    @Override
    public void weights(float[] x, int from, int step, float[] y, int to, int yStep, int count) {
        for (int i = 0; i < count; i++) {
            float x0 = x[from + i];
            float x1 = x[from + i + step];
            float x2 = x[from + i + 2 * step];
            float even = fma(x2, 0.5f, x0) * MINUS_2_THIRDS;
            float evenFar = fma(x2, 2f, x0) * SIXTH;
            int out = to + i;
            y[out] = x0;
            y[out + yStep] = fma(x1, -ROOT_2_THIRDS, even);
            y[out + 2 * yStep] = fma(x1, ROOT_2_THIRDS, even);
            y[out + 3 * yStep] = fma(x1, ROOT_2_SIXTHS, evenFar);
            y[out + 4 * yStep] = fma(x1, -ROOT_2_SIXTHS, evenFar);
            y[out + 5 * yStep] = x2;
        }
    }

    @Override
    public void sums(float[] x, int from, int step, float[] y, int to, int yStep, int count) {
        for (int i = 0; i < count; i++) {
            int at = from + i;
            float x1 = x[at + step];
            float x2 = x[at + 2 * step];
            float x3 = x[at + 3 * step];
            float x4 = x[at + 4 * step];
            float even = x1 + x2;
            float odd = x1 - x2;
            float evenFar = x3 + x4;
            float oddFar = x3 - x4;
            int out = to + i;
            y[out] = x[at] + even + evenFar;
            y[out + yStep] = fma(oddFar, ROOT_2, odd * HALF_ROOT_2);
            y[out + 2 * yStep] = fma(evenFar, 2f, even * 0.5f);
            y[out + 3 * yStep] = fma(oddFar, 2 * ROOT_2, fma(odd, 0.5f * HALF_ROOT_2, x[at + 5 * step]));
        }
    }

    @Override
    public void putWeights(
            float[] x, int from, int count, int run, MemorySegment m, long to, long positionBytes, long runBytes) {
        float[] y = new float[TILE];
        for (int i = 0; i < count; i++) {
            weights(x, from + i, CHANNELS, y, 0, 1, 1);
            long at = to + i / run * runBytes + 4L * (i % run);
            for (int position = 0; position < TILE; position++) {
                m.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at + position * positionBytes, y[position]);
            }
        }
    }

    @Override
    public void scatter(float[] x, int count, MemorySegment m, long to, long positionBytes) {
        for (int position = 0; position < POSITIONS; position++) {
            long at = to + position * positionBytes;
            MemorySegment.copy(x, position * CHANNELS, m, ValueLayout.JAVA_FLOAT_UNALIGNED, at, count);
        }
    }
}
