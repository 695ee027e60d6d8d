package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.Cancellation;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The matrix products. Rows of the result are computed one at a time, all their sums side by side. */
final class Products {
    private Products() {}

    static Dense linear(Dense x, Dense weight, @Nullable Dense bias, Shape resultShape, Cancellation stop) {
        Dense result = Dense.of(resultShape);
        int k = weight.shape.dim(1);
        int n = weight.shape.dim(0);
        float[] transposed = new float[weight.values.length];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < k; j++) {
                transposed[j * n + i] = weight.values[i * k + j];
            }
        }
        double[] sums = new double[n];
        for (int row = 0; row < result.values.length / Math.max(n, 1); row++) {
            stop.check();
            for (int i = 0; i < n; i++) {
                sums[i] = bias == null ? 0 : bias.values[i];
            }
            multiplyRow(x.values, row * k, k, transposed, 0, sums, result.values, row * n);
        }
        return result;
    }

    static Dense matMul(Dense a, Dense b, Shape resultShape, Cancellation stop) {
        Dense result = Dense.of(resultShape);
        int m = a.shape.dim(-2);
        int k = a.shape.last();
        int n = b.shape.last();
        double[] sums = new double[n];
        for (int row = 0; row < result.values.length / Math.max(n, 1); row++) {
            stop.check();
            Arrays.fill(sums, 0);
            multiplyRow(a.values, row * k, k, b.values, row / m * k * n, sums, result.values, row * n);
        }
        return result;
    }

    /** One row of x times a matrix [K, N], added to the sums, which become one row of the result. */
    private static void multiplyRow(
            float[] x,
            int rowOfX,
            int k,
            float[] matrix,
            int matrixStart,
            double[] sums,
            float[] result,
            int rowOfResult) {
        for (int j = 0; j < k; j++) {
            addScaled(sums, x[rowOfX + j], matrix, matrixStart + j * sums.length);
        }
        for (int i = 0; i < sums.length; i++) {
            result[rowOfResult + i] = (float) sums[i];
        }
    }

    /** {@code sums[i] += factor * row[start + i]} for all sums; the product of two floats is exact in double. */
    static void addScaled(double[] sums, double factor, float[] row, int start) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += factor * row[start + i];
        }
    }
}
