package dev.aquarelle.sd.upscale;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Layer;
import dev.aquarelle.sd.nn.Parameter;

/**
 * ReLU with a slope below 0 for each channel (arXiv:1502.01852), computed as {@code slope * x + (1 - slope) * max(0, x)}, which holds for
 * slopes of any size.
 *
 * @param slope [C]
 */
record PRelu(Parameter slope) implements Layer {

    static PRelu load(Weights weights, int channels) {
        return new PRelu(Parameter.load(weights, "weight", channels));
    }

    @Override
    public Value forward(Graph g, Value x) {
        Value slopes = slope.in(g);
        Value positive = g.multiply(g.activate(x, Activation.RELU), g.scale(slopes, -1, 1));
        return g.add(positive, g.multiply(x, slopes));
    }
}
