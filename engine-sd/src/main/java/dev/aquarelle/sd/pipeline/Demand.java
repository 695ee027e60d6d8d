package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.unet.Steering;
import dev.aquarelle.sd.unet.UNetVariant;
import org.jspecify.annotations.Nullable;

/**
 * What programs are compiled for.
 *
 * @param samples that the denoiser sees at a time
 * @param height of the latents
 * @param width of the latents
 * @param looks of them at each picture
 * @param tokens of text that the denoiser attends to
 * @param kinds of inputs that steer the denoiser
 * @param controlNets run beside the denoiser, if there are any
 * @param variant of the denoiser's graph
 */
record Demand(
        int samples,
        int height,
        int width,
        int looks,
        int tokens,
        Steering.Kinds kinds,
        @Nullable ControlNetUse controlNets,
        UNetVariant variant) {

    /** One look at one picture: what is demanded for all of them one after the other. */
    Demand single() {
        return new Demand(1, height, width, 1, tokens, kinds, controlNets, variant);
    }

    boolean isAsLargeAs(Demand other) {
        return height == other.height && width == other.width;
    }

    /** Whether what was compiled for the other one serves this one: pictures and scales do not matter. */
    boolean isLike(Demand other) {
        return samples == other.samples
                && tokens == other.tokens
                && isAsLargeAs(other)
                && kinds.equals(other.kinds)
                && variant.equals(other.variant)
                && controlsLike(other);
    }

    private boolean controlsLike(Demand other) {
        ControlNetUse a = controlNets;
        ControlNetUse b = other.controlNets;
        if (a == null || b == null) {
            return a == null && b == null;
        }
        return a.nets().equals(b.nets()) && a.guessMode() == b.guessMode() && looks == other.looks;
    }
}
