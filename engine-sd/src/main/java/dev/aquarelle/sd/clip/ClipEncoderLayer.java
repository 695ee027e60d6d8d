package dev.aquarelle.sd.clip;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Layer;
import dev.aquarelle.sd.nn.LayerNorm;

/** Self attention, then a perceptron; each after a layer norm and around a shortcut. [N, L, hiddenSize] gives the same. */
public record ClipEncoderLayer(LayerNorm layerNorm1, ClipAttention selfAttn, LayerNorm layerNorm2, ClipMlp mlp)
        implements Layer {

    /** {@code layer_norm1} and so on in this part of the checkpoint. */
    public static ClipEncoderLayer load(Weights weights, ClipLayerConfig config) {
        return new ClipEncoderLayer(
                LayerNorm.load(weights.at("layer_norm1"), config.hiddenSize(), config.layerNormEps()),
                ClipAttention.load(weights.at("self_attn"), config),
                LayerNorm.load(weights.at("layer_norm2"), config.hiddenSize(), config.layerNormEps()),
                ClipMlp.load(weights.at("mlp"), config));
    }

    @Override
    public Value forward(Graph g, Value x) {
        try (var _ = g.scope("self_attn")) {
            x = g.add(selfAttn.forward(g, layerNorm1.forward(g, x)), x);
        }
        try (var _ = g.scope("mlp")) {
            return g.add(mlp.forward(g, layerNorm2.forward(g, x)), x);
        }
    }
}
