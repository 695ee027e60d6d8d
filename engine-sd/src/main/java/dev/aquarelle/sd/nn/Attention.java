package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;

/**
 * Multi-head attention of tokens {@code [N, L, dim]} to a context {@code [N, S, contextDim]}, which may be the tokens themselves.
 *
 * @param heads how many of {@code dim / heads} channels lie side by side
 */
public record Attention(Linear toQ, Linear toK, Linear toV, Linear toOut, int heads) {

    /** The U-Net's, without biases but in the last projection: {@code to_q}, {@code to_k}, {@code to_v}, {@code to_out.0}. */
    public static Attention load(Weights weights, int dim, int contextDim, int heads) {
        return new Attention(
                Linear.loadWithoutBias(weights.at("to_q"), dim, dim),
                Linear.loadWithoutBias(weights.at("to_k"), contextDim, dim),
                Linear.loadWithoutBias(weights.at("to_v"), contextDim, dim),
                Linear.load(weights.at("to_out.0"), dim, dim),
                heads);
    }

    /** From the tokens x to the context; gives {@code [N, L, dim]}. */
    public Value forward(Graph g, Value x, Value context) {
        Value q = toQ.forward(g, x);
        Value k = toK.forward(g, context);
        Value v = toV.forward(g, context);
        return toOut.forward(g, g.attention(q, k, v, heads, false));
    }

    /** {@link #forward(Graph, Value, Value)} within the part of the model that the checkpoint calls {@code scope}. */
    public Value forward(Graph g, String scope, Value x, Value context) {
        try (var _ = g.scope(scope)) {
            return forward(g, x, context);
        }
    }
}
