package dev.aquarelle.sd.nn;

import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;

/** Something with one input and one output. */
@FunctionalInterface
public interface Layer {
    /** Gives back what it gets: the shortcut of a residual block that keeps its number of channels. */
    Layer IDENTITY = (_, x) -> x;

    /** Adds its operations to the graph and returns the last one's value. */
    Value forward(Graph g, Value x);

    /** {@link #forward(Graph, Value)} within the part of the model that the checkpoint calls {@code scope}. */
    default Value forward(Graph g, String scope, Value x) {
        try (var _ = g.scope(scope)) {
            return forward(g, x);
        }
    }
}
