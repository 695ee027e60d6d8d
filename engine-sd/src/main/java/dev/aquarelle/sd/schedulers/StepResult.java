package dev.aquarelle.sd.schedulers;

import dev.aquarelle.core.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a step gives, F32 and in the shape of the latents.
 *
 * @param prevSample the latents for the next call of the model, or the result after the last one
 * @param predOriginalSample what the sampler takes for the clean latents at this point, good for previews; null where it has no notion
 *     of them
 */
public record StepResult(Tensor prevSample, @Nullable Tensor predOriginalSample) {}
