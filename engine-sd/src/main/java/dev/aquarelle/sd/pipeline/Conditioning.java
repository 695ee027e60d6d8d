package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the denoiser is told of a picture beside its latents and the timestep. All tensors have one row for each sample
 * that the denoiser sees.
 *
 * @param prompts of the text encoders
 * @param timeIds sizes and crops {@code [N, 6]}, or with an aesthetic score {@code [N, 5]}, in SDXL
 * @param timestepCond an embedding of the guidance scale {@code [N, timeCondProjDim]}, in models distilled for one (LCM)
 * @param channels further channels of the sample {@code [N, h, w, C]}: mask and picture, in models made for inpainting or editing
 */
public record Conditioning(
        PromptEmbeds prompts,
        @Nullable Tensor timeIds,
        @Nullable Tensor timestepCond,
        @Nullable Tensor channels) {

    /** Prompts and nothing else, as in Stable Diffusion 1 and 2. */
    public static Conditioning of(PromptEmbeds prompts) {
        return new Conditioning(prompts, null, null, null);
    }

    /** How many tokens of text the denoiser attends to. */
    int tokens() {
        return prompts.hiddenStates().shape().dim(1);
    }

    /** The same with further channels of the sample. */
    public Conditioning withChannels(Tensor more) {
        return new Conditioning(prompts, timeIds, timestepCond, more);
    }

    /** What a ControlNet is told: the same, of the sample the latents alone. */
    Conditioning forControl() {
        return new Conditioning(prompts, timeIds, null, null);
    }

    /** The same of the last rows alone: those of the prompts, which come last. */
    Conditioning ofLast(int rows) {
        Tensor hiddenStates = prompts.hiddenStates();
        return rows == hiddenStates.shape().dim(0)
                ? this
                : new Conditioning(
                        new PromptEmbeds(Latents.last(hiddenStates, rows), lastOrNull(prompts.pooled(), rows)),
                        lastOrNull(timeIds, rows),
                        lastOrNull(timestepCond, rows),
                        lastOrNull(channels, rows));
    }

    private static @Nullable Tensor lastOrNull(@Nullable Tensor x, int rows) {
        return x == null ? null : Latents.last(x, rows);
    }

    /** The denoiser's inputs: sample and timestep, then what is here, in the order of {@link dev.aquarelle.sd.unet.UNetInputs}. */
    List<Tensor> inputs(Tensor sample, Tensor timestep) {
        List<Tensor> inputs = new ArrayList<>();
        inputs.add(channels == null ? sample : Latents.joined(sample, channels));
        inputs.add(timestep);
        Stream.of(prompts.hiddenStates(), prompts.pooled(), timeIds, timestepCond)
                .filter(Objects::nonNull)
                .forEach(inputs::add);
        return inputs;
    }
}
