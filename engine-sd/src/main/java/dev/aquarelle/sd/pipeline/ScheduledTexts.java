package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.prompt.PromptSchedule;
import java.util.List;
import java.util.stream.Stream;

/**
 * A prompt by steps, for the first text encoder and the second.
 *
 * @param first for the first text encoder, or the only one
 * @param second for SDXL's second one
 */
record ScheduledTexts(PromptSchedule first, PromptSchedule second) {

    /** What the encoders are given at one time. */
    record Texts(String first, String second) {
        /** For one of several encoders: the last of two is the second one. */
        String of(int encoder, int encoders) {
            return encoders > 1 && encoder == 1 ? second : first;
        }
    }

    static ScheduledTexts of(String first, String second, int steps) {
        return new ScheduledTexts(PromptSchedule.of(first, steps), PromptSchedule.of(second, steps));
    }

    /** The same in a second pass over the picture, of so many steps. */
    ScheduledTexts again(int steps) {
        return new ScheduledTexts(first.again(steps), second.again(steps));
    }

    /** Those of a step, counted from 0. */
    Texts at(int step) {
        return new Texts(first.at(step), second.at(step));
    }

    /** All that there are, each once. */
    List<Texts> all() {
        return Stream.concat(first.entries().stream(), second.entries().stream())
                .map(PromptSchedule.Entry::endAtStep)
                .sorted()
                .map(this::at)
                .distinct()
                .toList();
    }
}
