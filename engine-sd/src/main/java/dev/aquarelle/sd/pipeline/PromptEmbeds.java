package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What text encoders make of prompts.
 *
 * @param hiddenStates what the denoiser attends to, {@code [N, S, width]}
 * @param pooled one vector for each prompt {@code [N, P]}, in SDXL
 */
public record PromptEmbeds(Tensor hiddenStates, @Nullable Tensor pooled) {

    /** Those of several groups of prompts, one after the other: negative ones first, where there is guidance. */
    public static PromptEmbeds concatenated(PromptEmbeds... groups) {
        List<Tensor> pooled = Stream.of(groups)
                .map(PromptEmbeds::pooled)
                .filter(Objects::nonNull)
                .toList();
        return new PromptEmbeds(
                Latents.concatenated(
                        Stream.of(groups).map(PromptEmbeds::hiddenStates).toArray(Tensor[]::new)),
                pooled.isEmpty() ? null : Latents.concatenated(pooled.toArray(Tensor[]::new)));
    }

    /**
     * The same and more tokens behind, as many as are missing.
     *
     * @param more what is behind, again and again, {@code [1, s, width]}; s divides what is missing
     * @param tokens in all
     * @throws IllegalArgumentException if there are more than that, or the part that is missing does not divide
     */
    PromptEmbeds followedBy(PromptEmbeds more, int tokens) {
        int each = more.hiddenStates.shape().dim(1);
        int missing = tokens - hiddenStates.shape().dim(1);
        if (missing < 0 || missing % each != 0) {
            throw new IllegalArgumentException("prompts: expected %d tokens and some times %d more to be %d"
                    .formatted(hiddenStates.shape().dim(1), each, tokens));
        }
        if (missing == 0) {
            return this;
        }
        int width = hiddenStates.shape().last();
        Tensor[] parts = new Tensor[1 + missing / each];
        Arrays.fill(parts, more.hiddenStates.reshape(each, width));
        parts[0] = hiddenStates.reshape(tokens - missing, width);
        return new PromptEmbeds(Latents.concatenated(parts).reshape(1, tokens, width), pooled);
    }

    /** The same and the last token again, as often as it takes to be so many. */
    PromptEmbeds withLastRepeated(int tokens) {
        int length = hiddenStates.shape().dim(1);
        int width = hiddenStates.shape().last();
        Tensor last = hiddenStates.reshape(length, width).slice(length - 1, length);
        return followedBy(new PromptEmbeds(last.reshape(1, 1, width), null), tokens);
    }

    /** As many zeros: what SDXL was trained to take for no prompt at all. */
    public PromptEmbeds zeros() {
        return new PromptEmbeds(
                Latents.zeros(hiddenStates.shape().dims()),
                pooled == null ? null : Latents.zeros(pooled.shape().dims()));
    }
}
