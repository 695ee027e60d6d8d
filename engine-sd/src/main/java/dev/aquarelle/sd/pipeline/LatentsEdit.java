package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;

/** What becomes of the latents after a step: inpainting puts back what shall not change. */
@FunctionalInterface
public interface LatentsEdit {
    /** Leaves them as they are. */
    LatentsEdit NONE = (call, latents) -> latents;

    /**
     * The latents that the run goes on with.
     *
     * @param call the call of the denoiser that was made, from 0
     * @param latents {@code [N, h, w, C]} after it
     */
    Tensor after(int call, Tensor latents);
}
