package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;

/**
 * Self attention, attention to the text, feed-forward; each after a layer norm and around a shortcut. [N, L, dim] gives the same.
 *
 * @param onlyCrossAttention whether the first attention is to the text as well
 */
public record BasicTransformerBlock(
        LayerNorm norm1,
        Attention attn1,
        LayerNorm norm2,
        CrossAttention attn2,
        LayerNorm norm3,
        FeedForward ff,
        boolean onlyCrossAttention) {
    private static final float EPSILON = 1e-5f;

    /** {@code norm1}, {@code attn1} and so on in this part of the checkpoint. */
    public static BasicTransformerBlock load(
            Weights weights, int dim, int crossAttentionDim, int heads, boolean onlyCrossAttention) {
        return new BasicTransformerBlock(
                LayerNorm.load(weights.at("norm1"), dim, EPSILON),
                Attention.load(weights.at("attn1"), dim, onlyCrossAttention ? crossAttentionDim : dim, heads),
                LayerNorm.load(weights.at("norm2"), dim, EPSILON),
                CrossAttention.load(weights.at("attn2"), dim, crossAttentionDim, heads),
                LayerNorm.load(weights.at("norm3"), dim, EPSILON),
                FeedForward.load(weights.at("ff"), dim),
                onlyCrossAttention);
    }

    /**
     * x {@code [N, L, dim]}; only the second attention is to pictures as well.
     *
     * @param merging of tokens in the first attention
     */
    Value forward(Graph g, Value x, EncoderHiddenStates context, TokenMerging merging) {
        Value h = norm1.forward(g, "norm1", x);
        h = merging.around(
                g, x, h, tokens -> attn1.forward(g, "attn1", tokens, onlyCrossAttention ? context.text() : tokens));
        x = g.add(h, x);
        h = norm2.forward(g, "norm2", x);
        try (var _ = g.scope("attn2")) {
            h = attn2.forward(g, h, context);
        }
        x = g.add(h, x);
        h = norm3.forward(g, "norm3", x);
        return g.add(ff.forward(g, "ff", h), x);
    }
}
