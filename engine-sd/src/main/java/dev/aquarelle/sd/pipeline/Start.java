package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Where a run starts, and what a picture has to say in it beside the prompts.
 *
 * @param latents {@code [N, h, w, C]}
 * @param channels further channels of the denoiser's sample, a row for each look at each picture, if there are any
 * @param edit what becomes of the latents after each step
 */
public record Start(Tensor latents, @Nullable Tensor channels, LatentsEdit edit) {}
