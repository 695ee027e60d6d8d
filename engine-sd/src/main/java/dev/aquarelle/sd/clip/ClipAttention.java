package dev.aquarelle.sd.clip;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Layer;
import dev.aquarelle.sd.nn.Linear;

/**
 * Self attention: [N, L, hiddenSize] gives the same. Padding is not masked.
 *
 * @param causal whether a token sees only itself and those before it
 */
public record ClipAttention(Linear qProj, Linear kProj, Linear vProj, Linear outProj, int heads, boolean causal)
        implements Layer {

    /** {@code q_proj} and so on in this part of the checkpoint. */
    public static ClipAttention load(Weights weights, ClipLayerConfig config) {
        int width = config.hiddenSize();
        return new ClipAttention(
                Linear.load(weights.at("q_proj"), width, width),
                Linear.load(weights.at("k_proj"), width, width),
                Linear.load(weights.at("v_proj"), width, width),
                Linear.load(weights.at("out_proj"), width, width),
                config.numAttentionHeads(),
                config.causal());
    }

    @Override
    public Value forward(Graph g, Value x) {
        Value q = qProj.forward(g, x);
        Value k = kProj.forward(g, x);
        Value v = vProj.forward(g, x);
        return outProj.forward(g, g.attention(q, k, v, heads, causal));
    }
}
