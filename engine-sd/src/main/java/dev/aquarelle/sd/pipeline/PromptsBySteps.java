package dev.aquarelle.sd.pipeline;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Prompts that change in the course of a pass. A sampler that calls the denoiser more often than it makes steps is told the same in all calls
 * of a step: the calls are shared out evenly among the steps, the first ones to the first.
 */
final class PromptsBySteps implements ConditioningSchedule {
    private final PassSteps steps;
    private final int calls;
    private final List<EncodedTexts> looks;
    private final Function<List<PromptEmbeds>, Conditioning> telling;
    private List<PromptEmbeds> lastEmbeds = List.of();
    private @Nullable Conditioning last;

    /**
     * @param steps that the pass makes
     * @param calls of the denoiser in them
     * @param looks what each of them is told
     * @param telling makes one of what all of them are told
     */
    PromptsBySteps(
            PassSteps steps, int calls, List<EncodedTexts> looks, Function<List<PromptEmbeds>, Conditioning> telling) {
        this.steps = steps;
        this.calls = calls;
        this.looks = List.copyOf(looks);
        this.telling = telling;
    }

    @Override
    public Conditioning at(int call) {
        int step = steps.first() + (int) ((long) call * steps.count() / calls);
        List<PromptEmbeds> embeds = looks.stream().map(look -> look.at(step)).toList();
        Conditioning told = last;
        if (told == null || !embeds.equals(lastEmbeds)) {
            told = telling.apply(embeds);
            last = told;
            lastEmbeds = embeds;
        }
        return told;
    }
}
