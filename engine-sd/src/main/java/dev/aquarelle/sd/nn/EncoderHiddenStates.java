package dev.aquarelle.sd.nn;

import dev.aquarelle.ops.graph.Value;
import java.util.List;

/**
 * What the pixels look at: the text, pictures by IP-Adapters, and each other, some of them as one.
 *
 * @param text {@code [N, S, crossAttentionDim]}
 * @param images for each IP-Adapter, in the order in which their weights are loaded; mostly none
 * @param merging of pixels before they look at each other, mostly none
 */
public record EncoderHiddenStates(Value text, List<ImagePrompt> images, TokenMerging merging) {
    public EncoderHiddenStates {
        images = List.copyOf(images);
    }

    /** The text alone. */
    public static EncoderHiddenStates of(Value text) {
        return new EncoderHiddenStates(text, List.of(), TokenMerging.NONE);
    }

    /**
     * A picture as tokens.
     *
     * @param tokens {@code [N, T, crossAttentionDim]}
     * @param scale how much it counts beside the text, {@code [1]}
     */
    public record ImagePrompt(Value tokens, Value scale) {}
}
