package dev.aquarelle.sd.nn;

import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;

/** Products with a number that is known when a program runs, not when it is compiled. */
public final class ScalarInput {
    private ScalarInput() {}

    /**
     * {@code x * scalar}.
     *
     * @param x {@code [..., C]}
     * @param scalar {@code [1]}
     */
    public static Value multiply(Graph g, Value x, Value scalar) {
        // A row of equal numbers, made once for each scalar: kernels go along the rows of the second factor.
        int channels = x.shape().last();
        Value row = g.upsampleNearest(g.reshape(scalar, 1, 1, 1, 1), 1, channels);
        return g.multiply(x, g.reshape(row, channels));
    }
}
