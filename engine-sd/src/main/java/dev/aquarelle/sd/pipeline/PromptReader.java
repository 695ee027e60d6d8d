package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import org.jspecify.annotations.Nullable;

/** Makes of a request's prompts what the denoiser is told, in the request's style. */
sealed interface PromptReader permits PlainReader, WebUiReader {

    /**
     * The one for a request.
     *
     * @param steps of the pass that it is for
     * @throws IllegalArgumentException if its prompts cannot be read
     */
    static PromptReader of(SettledRequest s, Conditioner conditioner, PassSteps steps) {
        return switch (s.text().promptStyle()) {
            case PLAIN -> new PlainReader(s, conditioner);
            case WEB_UI -> new WebUiReader(s, steps.counted(WebUiPrompts.of(s.text(), s.steps())), conditioner, steps);
        };
    }

    /**
     * Refuses what the text encoders cannot take; computes nothing.
     *
     * @throws IllegalArgumentException if a prompt is too long to be one, a weight is beyond all numbers, or there are not so many layers to
     *     leave out
     */
    void requirePossible();

    /** How many tokens the denoiser attends to: known before anything is computed. */
    int tokens();

    /** Bytes of the Java heap that encoded prompts take in a run. */
    long bytes();

    /**
     * Encodes all prompts of a pass.
     *
     * @param calls of the denoiser
     * @param channels further channels of the sample, if the model sees a picture
     */
    ConditioningSchedule schedule(int calls, @Nullable Tensor channels, Cancellation cancellation);
}
