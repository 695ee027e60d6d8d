package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;

/** The gated two-layer perceptron of a transformer block (arXiv:2002.05202), four times as wide inside: [N, L, dim] gives the same. */
public record FeedForward(Linear proj, Linear out) implements Layer {
    private static final int WIDENING = 4;

    /** {@code net.0.proj} and {@code net.2} in this part of the checkpoint ({@code net.1} is a dropout). */
    public static FeedForward load(Weights weights, int dim) {
        int inner = Math.multiplyExact(WIDENING, dim);
        return new FeedForward(
                Linear.load(weights.at("net.0.proj"), dim, 2 * inner), Linear.load(weights.at("net.2"), inner, dim));
    }

    @Override
    public Value forward(Graph g, Value x) {
        return out.forward(g, g.geGlu(proj.forward(g, x)));
    }
}
