package dev.aquarelle.sd.prompt;

import java.util.List;
import java.util.Set;

/** A prompt that changes on the way, or a part of one. */
sealed interface EditedPrompt {

    /** Appends what it is up to and in a step, counted from 1. */
    void appendTo(StringBuilder text, int step, CountedSteps steps);

    /** Adds the steps after which it may become another text. */
    void addEndsTo(Set<Integer> ends, CountedSteps steps);

    /** The same in all steps. */
    record Plain(String text) implements EditedPrompt {
        @Override
        public void appendTo(StringBuilder all, int step, CountedSteps steps) {
            all.append(text);
        }

        @Override
        public void addEndsTo(Set<Integer> ends, CountedSteps steps) {}
    }

    /** One after the other. */
    record Sequence(List<EditedPrompt> parts) implements EditedPrompt {
        @Override
        public void appendTo(StringBuilder text, int step, CountedSteps steps) {
            parts.forEach(part -> part.appendTo(text, step, steps));
        }

        @Override
        public void addEndsTo(Set<Integer> ends, CountedSteps steps) {
            parts.forEach(part -> part.addEndsTo(ends, steps));
        }
    }

    /**
     * One, from some step on another: {@code [before:after:when]}.
     *
     * @param when the last step of the first one, as it is written
     */
    record Scheduled(EditedPrompt before, EditedPrompt after, String when) implements EditedPrompt {
        @Override
        public void appendTo(StringBuilder text, int step, CountedSteps steps) {
            (step <= steps.end(when) ? before : after).appendTo(text, step, steps);
        }

        @Override
        public void addEndsTo(Set<Integer> ends, CountedSteps steps) {
            before.addEndsTo(ends, steps);
            after.addEndsTo(ends, steps);
            if (steps.end(when) >= 1) {
                ends.add(steps.end(when));
            }
        }
    }

    /** Another one in each step, and from the first on again: {@code [one|other]}. */
    record Alternate(List<EditedPrompt> options) implements EditedPrompt {
        @Override
        public void appendTo(StringBuilder text, int step, CountedSteps steps) {
            options.get((step - 1) % options.size()).appendTo(text, step, steps);
        }

        @Override
        public void addEndsTo(Set<Integer> ends, CountedSteps steps) {
            for (int step = 1; step <= steps.steps(); step++) {
                ends.add(step);
            }
        }
    }
}
