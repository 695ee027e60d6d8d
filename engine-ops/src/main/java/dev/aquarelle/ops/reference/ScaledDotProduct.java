package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.graph.ProductOp;
import java.util.Arrays;

/** {@link ProductOp.Attention}, query by query. */
final class ScaledDotProduct {
    private ScaledDotProduct() {}

    static Dense attention(ProductOp.Attention op, Dense q, Dense k, Dense v, Shape resultShape, Cancellation stop) {
        Dense result = Dense.of(resultShape);
        int queries = q.shape.dim(1);
        int keys = k.shape.dim(1);
        int d = q.shape.last() / op.heads();
        int e = v.shape.last() / op.heads();
        double[] weights = new double[keys];
        double[] sums = new double[e];
        for (int n = 0; n < q.shape.dim(0); n++) {
            for (int head = 0; head < op.heads(); head++) {
                for (int query = 0; query < queries; query++) {
                    stop.check();
                    int visible = op.causal() ? Math.min(query + 1, keys) : keys;
                    int queryAt = (n * queries + query) * q.shape.last() + head * d;
                    for (int key = 0; key < visible; key++) {
                        int keyAt = (n * keys + key) * k.shape.last() + head * d;
                        weights[key] = dot(q.values, queryAt, k.values, keyAt, d) * op.scale();
                    }
                    Norms.softmax(weights, visible);
                    Arrays.fill(sums, 0);
                    for (int key = 0; key < visible; key++) {
                        Products.addScaled(sums, weights[key], v.values, (n * keys + key) * v.shape.last() + head * e);
                    }
                    int resultAt = (n * queries + query) * resultShape.last() + head * e;
                    for (int i = 0; i < e; i++) {
                        result.values[resultAt + i] = (float) sums[i];
                    }
                }
            }
        }
        return result;
    }

    private static double dot(float[] a, int aStart, float[] b, int bStart, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += (double) a[aStart + i] * b[bStart + i];
        }
        return sum;
    }
}
