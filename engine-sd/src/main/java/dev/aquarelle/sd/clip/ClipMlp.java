package dev.aquarelle.sd.clip;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Layer;
import dev.aquarelle.sd.nn.Linear;

/** Two linear layers with an activation between them: [N, L, hiddenSize] gives the same. */
public record ClipMlp(Linear fc1, Activation activation, Linear fc2) implements Layer {

    /** {@code fc1} and {@code fc2} in this part of the checkpoint. */
    public static ClipMlp load(Weights weights, ClipLayerConfig config) {
        return new ClipMlp(
                Linear.load(weights.at("fc1"), config.hiddenSize(), config.intermediateSize()),
                config.hiddenAct(),
                Linear.load(weights.at("fc2"), config.intermediateSize(), config.hiddenSize()));
    }

    @Override
    public Value forward(Graph g, Value x) {
        return fc2.forward(g, g.activate(fc1.forward(g, x), activation));
    }
}
