package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;

/** Two linear layers that make a conditioning vector of sinusoids: [N, in] gives [N, timeEmbedDim]. */
public record TimestepEmbedding(Linear linear1, Linear linear2) implements Layer {

    /** {@code linear_1} and {@code linear_2} in this part of the checkpoint. */
    public static TimestepEmbedding load(Weights weights, int in, int timeEmbedDim) {
        return new TimestepEmbedding(
                Linear.load(weights.at("linear_1"), in, timeEmbedDim),
                Linear.load(weights.at("linear_2"), timeEmbedDim, timeEmbedDim));
    }

    @Override
    public Value forward(Graph g, Value x) {
        return linear2.forward(g, g.silu(linear1.forward(g, x)));
    }
}
