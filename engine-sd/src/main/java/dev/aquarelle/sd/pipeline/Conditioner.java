package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import java.util.Collections;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Tells the denoiser what a request says, a row for each look at each picture.
 *
 * @param zeroNegative whether no negative prompt at all is zeros to the model (SDXL's {@code force_zeros_for_empty_prompt})
 */
record Conditioner(DiffusionModel model, boolean zeroNegative) {

    Conditioning of(SettledRequest s, Cancellation cancellation) {
        PromptEmbeds positive = model.encode(s.prompts(), s.text().clipSkip(), cancellation);
        int looks = s.guidance().looks();
        PromptEmbeds prompts = looks == 1 ? positive : guided(s, positive, cancellation);
        return around(s, prompts);
    }

    /** What is beside prompts that are encoded, a row for each look at each picture. */
    Conditioning around(SettledRequest s, PromptEmbeds prompts) {
        return new Conditioning(prompts, timeIds(s), guidanceEmbedding(s), null);
    }

    /** Clip skip is for the prompt alone, as in diffusers; so is the order. */
    private PromptEmbeds guided(SettledRequest s, PromptEmbeds positive, Cancellation cancellation) {
        boolean none = s.text().negativePrompt() == null;
        PromptEmbeds negative =
                none && zeroNegative ? positive.zeros() : model.encodeNegative(s.negativePrompts(), cancellation);
        return s.guidance() instanceof InstructGuidance
                ? PromptEmbeds.concatenated(positive, negative, negative)
                : PromptEmbeds.concatenated(negative, positive);
    }

    private @Nullable Tensor timeIds(SettledRequest s) {
        int count = model.sizeIds();
        if (count == 0) {
            return null;
        }
        Tensor positive = Tensor.of(s.text().sdxl().timeIds(count, s.width(), s.height(), false), 1, count);
        Tensor negative = Tensor.of(s.text().sdxl().timeIds(count, s.width(), s.height(), true), 1, count);
        return Latents.concatenated(IntStream.range(0, s.guidance().looks())
                .mapToObj(look -> isNegative(s.guidance(), look) ? negative : positive)
                .flatMap(ids -> Collections.nCopies(s.batch(), ids).stream())
                .toArray(Tensor[]::new));
    }

    private static boolean isNegative(GuidanceMethod guidance, int look) {
        return guidance instanceof InstructGuidance ? look > 0 : look < guidance.negatives();
    }

    private @Nullable Tensor guidanceEmbedding(SettledRequest s) {
        int dim = model.guidanceDim();
        return dim == 0 ? null : GuidanceEmbedding.of(s.guidanceScale(), s.samples(), dim);
    }
}
