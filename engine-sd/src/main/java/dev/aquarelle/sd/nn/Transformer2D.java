package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Transformer blocks over the pixels of a feature map, between two projections and around a shortcut.
 * x {@code [N, H, W, C]} and a text {@code [N, S, crossAttentionDim]} give {@code [N, H, W, C]}.
 *
 * <p>Checkpoints have the projections as 1x1 convolutions before and after the reshape to tokens, or as linear layers between
 * ({@code use_linear_projection}); channels last, the two are one.
 */
public record Transformer2D(
        GroupNorm norm, Linear projIn, List<BasicTransformerBlock> transformerBlocks, Linear projOut) {
    private static final float EPSILON = 1e-6f; // whatever norm_eps says

    public Transformer2D {
        transformerBlocks = List.copyOf(transformerBlocks);
    }

    /**
     * {@code norm}, {@code proj_in}, {@code transformer_blocks.0} and so on in this part of the checkpoint.
     *
     * @param onlyCrossAttention whether its blocks have two attentions to the text and none to the pixels
     */
    public static Transformer2D load(
            Weights weights,
            int channels,
            int crossAttentionDim,
            int heads,
            int layers,
            int normNumGroups,
            boolean onlyCrossAttention) {
        return new Transformer2D(
                GroupNorm.load(weights.at("norm"), channels, normNumGroups, EPSILON),
                Linear.loadPointwise(weights.at("proj_in"), channels, channels),
                IntStream.range(0, layers)
                        .mapToObj(i -> BasicTransformerBlock.load(
                                weights.at("transformer_blocks." + i),
                                channels,
                                crossAttentionDim,
                                heads,
                                onlyCrossAttention))
                        .toList(),
                Linear.loadPointwise(weights.at("proj_out"), channels, channels));
    }

    /** x {@code [N, H, W, C]}, which looks at the text and pictures of the context. */
    public Value forward(Graph g, Value x, EncoderHiddenStates context) {
        Shape image = x.shape();
        Value h = norm.forward(g, x);
        h = projIn.forward(g, g.reshape(h, image.dim(0), image.dim(1) * image.dim(2), image.last()));
        for (int i = 0; i < transformerBlocks.size(); i++) {
            try (var _ = g.scope("transformer_blocks." + i)) {
                h = transformerBlocks
                        .get(i)
                        .forward(g, h, context, context.merging().on(image));
            }
        }
        h = g.reshape(projOut.forward(g, h), image.dims());
        return g.add(h, x);
    }
}
