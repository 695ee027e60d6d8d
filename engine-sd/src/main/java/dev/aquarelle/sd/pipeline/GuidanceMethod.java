package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;

/** How several looks of the denoiser at the same latents, told different things, become one prediction. */
public sealed interface GuidanceMethod permits Guidance, ComposedGuidance, InstructGuidance {

    /** How many looks there are at each picture: 1 without guidance. */
    int looks();

    /** How many of the first looks are told the negative prompt, the others being told prompts: 0 where the order is another. */
    int negatives();

    /**
     * The guided prediction.
     *
     * @param predictions {@code [looks() N, ...]}: of all pictures the first look, then of all the second, ...
     * @return {@code [N, ...]}, a new tensor on the heap if there is more than one look
     */
    Tensor combine(Tensor predictions);
}
