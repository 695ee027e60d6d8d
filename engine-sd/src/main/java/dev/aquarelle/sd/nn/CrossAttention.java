package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * Attention of pixels {@code [N, L, dim]} to the text, and with the same queries to pictures, each with keys and values of its own: the
 * decoupled cross attention of IP-Adapters (Ye et al., arXiv:2308.06721).
 *
 * @param images for each IP-Adapter that is laid over the weights
 */
public record CrossAttention(Attention text, List<ImageAttention> images) {

    public CrossAttention {
        images = List.copyOf(images);
    }

    /** Keys and values of pictures. */
    public record ImageAttention(Linear toKIp, Linear toVIp) {}

    /** {@code to_q} and so on; {@code processor.to_k_ip.0} and {@code processor.to_v_ip.0} of the first IP-Adapter, if there is one. */
    public static CrossAttention load(Weights weights, int dim, int contextDim, int heads) {
        List<ImageAttention> images = new ArrayList<>();
        for (int i = 0; weights.hasPart("processor.to_k_ip." + i); i++) {
            images.add(new ImageAttention(
                    Linear.loadWithoutBias(weights.at("processor.to_k_ip." + i), contextDim, dim),
                    Linear.loadWithoutBias(weights.at("processor.to_v_ip." + i), contextDim, dim)));
        }
        return new CrossAttention(Attention.load(weights, dim, contextDim, heads), images);
    }

    /**
     * From the pixels x; gives {@code [N, L, dim]}.
     *
     * @throws IllegalArgumentException if there are more pictures than IP-Adapters
     */
    public Value forward(Graph g, Value x, EncoderHiddenStates context) {
        if (context.images().size() > images.size()) {
            throw new IllegalArgumentException("%d pictures for a model with %d IP-Adapters"
                    .formatted(context.images().size(), images.size()));
        }
        Value q = text.toQ().forward(g, x);
        Value sum = attend(g, q, text.toK(), text.toV(), context.text());
        for (int i = 0; i < context.images().size(); i++) {
            EncoderHiddenStates.ImagePrompt image = context.images().get(i);
            Value seen = attend(g, q, images.get(i).toKIp(), images.get(i).toVIp(), image.tokens());
            sum = g.add(sum, ScalarInput.multiply(g, seen, image.scale()));
        }
        return text.toOut().forward(g, sum);
    }

    private Value attend(Graph g, Value q, Linear toK, Linear toV, Value tokens) {
        return g.attention(q, toK.forward(g, tokens), toV.forward(g, tokens), text.heads(), false);
    }
}
