package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.unet.Steering;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What steers the denoiser beside the prompts in the calls of one run.
 *
 * @param controlNets run before each call
 * @param features of T2I-Adapters, the same in each call
 * @param images tokens of IP-Adapters, the same in each call
 */
public record Steerer(@Nullable ControlNetUse controlNets, List<Tensor> features, List<ImageTokens> images) {
    /** Nothing. */
    public static final Steerer NONE = new Steerer(null, List.of(), List.of());

    /** Copies the lists. */
    public Steerer {
        features = List.copyOf(features);
        images = List.copyOf(images);
    }

    /** By ControlNets alone. */
    public static Steerer of(ControlNetUse controlNets) {
        return new Steerer(controlNets, List.of(), List.of());
    }

    /**
     * What an IP-Adapter gives.
     *
     * @param tokens {@code [N, T, crossAttentionDim]}
     * @param scale how much they count
     */
    public record ImageTokens(Tensor tokens, double scale) {}

    /** The same of the last rows alone: those of the prompts, which come last. */
    Steerer ofLast(int rows) {
        return new Steerer(
                controlNets,
                features.stream().map(feature -> Latents.last(feature, rows)).toList(),
                images.stream()
                        .map(image -> new ImageTokens(Latents.last(image.tokens(), rows), image.scale()))
                        .toList());
    }

    /** Which inputs the denoiser's graph has for it. */
    Steering.Kinds kinds() {
        return new Steering.Kinds(
                controlNets != null,
                features.size(),
                images.stream().map(image -> image.tokens().shape().dim(1)).toList());
    }

    /**
     * The denoiser's inputs behind the usual ones.
     *
     * @param residuals of the ControlNets
     */
    List<Tensor> inputs(List<Tensor> residuals) {
        List<Tensor> inputs = new ArrayList<>(residuals);
        inputs.addAll(features);
        for (ImageTokens image : images) {
            inputs.add(image.tokens());
            inputs.add(Tensor.of(new float[] {(float) image.scale()}, 1));
        }
        return inputs;
    }
}
