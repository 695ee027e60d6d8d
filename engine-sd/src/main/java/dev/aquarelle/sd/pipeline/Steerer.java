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
 * @param features of T2I-Adapters, in each call; none at all if there are no adapters
 * @param images tokens of IP-Adapters, the same in each call
 */
public record Steerer(@Nullable ControlNetUse controlNets, List<List<Tensor>> features, List<ImageTokens> images) {
    /** Nothing. */
    public static final Steerer NONE = new Steerer(null, List.of(), List.of());

    /** Copies the lists. */
    public Steerer {
        features = features.stream().map(List::copyOf).toList();
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

    /** What counts in one call, of the last rows alone: those of the prompts, which come last. */
    Steerer at(int call, int rows) {
        return new Steerer(
                controlNets,
                features.isEmpty()
                        ? features
                        : List.of(features.get(call).stream()
                                .map(feature -> Latents.last(feature, rows))
                                .toList()),
                images.stream()
                        .map(image -> new ImageTokens(Latents.last(image.tokens(), rows), image.scale()))
                        .toList());
    }

    /** Which inputs the denoiser's graph has for it. */
    Steering.Kinds kinds() {
        return new Steering.Kinds(
                controlNets != null,
                features.isEmpty() ? 0 : features.getFirst().size(),
                images.stream().map(image -> image.tokens().shape().dim(1)).toList());
    }

    /**
     * The denoiser's inputs behind the usual ones, in a call that this is of alone.
     *
     * @param residuals of the ControlNets
     */
    List<Tensor> inputs(List<Tensor> residuals) {
        List<Tensor> inputs = new ArrayList<>(residuals);
        features.forEach(inputs::addAll);
        for (ImageTokens image : images) {
            inputs.add(image.tokens());
            inputs.add(Tensor.of(new float[] {(float) image.scale()}, 1));
        }
        return inputs;
    }
}
