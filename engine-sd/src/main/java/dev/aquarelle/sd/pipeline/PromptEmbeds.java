package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
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

    /** As many zeros: what SDXL was trained to take for no prompt at all. */
    public PromptEmbeds zeros() {
        return new PromptEmbeds(
                Latents.zeros(hiddenStates.shape().dims()),
                pooled == null ? null : Latents.zeros(pooled.shape().dims()));
    }
}
