package dev.aquarelle.sd.upscale;

import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Layer;

/**
 * {@code max(x, slope * x)}, computed as {@code slope * x + max(0, (1 - slope) * x)}.
 *
 * @param slope below 0; less than 1
 */
record LeakyRelu(float slope) implements Layer {
    @Override
    public Value forward(Graph g, Value x) {
        return g.add(g.activate(g.scale(x, 1 - slope, 0), Activation.RELU), g.scale(x, slope, 0));
    }
}
