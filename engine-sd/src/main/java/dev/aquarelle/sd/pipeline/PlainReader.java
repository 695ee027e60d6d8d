package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import org.jspecify.annotations.Nullable;

/** Reads prompts as diffusers does: all is text, the same in all steps. Clip skip is for the prompt alone. */
record PlainReader(SettledRequest s, Conditioner conditioner) implements PromptReader {

    @Override
    public void requirePossible() {
        conditioner.model().requirePossible(s.prompts(), s.text().clipSkip());
        conditioner.model().requirePossible(s.negativePrompts(), 0);
    }

    @Override
    public int tokens() {
        return conditioner.model().textEncoders().length();
    }

    @Override
    public long bytes() {
        return (long) s.samples()
                * tokens()
                * conditioner.model().textEncoders().width()
                * Float.BYTES;
    }

    @Override
    public ConditioningSchedule schedule(int calls, @Nullable Tensor channels, Cancellation cancellation) {
        Conditioning told = conditioner.of(s, cancellation);
        return ConditioningSchedule.constant(channels == null ? told : told.withChannels(channels));
    }
}
