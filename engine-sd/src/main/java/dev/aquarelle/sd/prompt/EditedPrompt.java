package dev.aquarelle.sd.prompt;

import java.util.List;
import java.util.Set;

/** A prompt that changes on the way, or a part of one. */
sealed interface EditedPrompt {

    /** Appends what it is up to and in a step, counted from 1. */
    void appendTo(StringBuilder text, int step, int steps);

    /** Adds the steps after which it may become another text. */
    void addEndsTo(Set<Integer> ends, int steps);

    /** The same in all steps. */
    record Plain(String text) implements EditedPrompt {
        @Override
        public void appendTo(StringBuilder all, int step, int steps) {
            all.append(text);
        }

        @Override
        public void addEndsTo(Set<Integer> ends, int steps) {}
    }

    /** One after the other. */
    record Sequence(List<EditedPrompt> parts) implements EditedPrompt {
        @Override
        public void appendTo(StringBuilder text, int step, int steps) {
            parts.forEach(part -> part.appendTo(text, step, steps));
        }

        @Override
        public void addEndsTo(Set<Integer> ends, int steps) {
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
        public void appendTo(StringBuilder text, int step, int steps) {
            (step <= end(steps) ? before : after).appendTo(text, step, steps);
        }

        @Override
        public void addEndsTo(Set<Integer> ends, int steps) {
            before.addEndsTo(ends, steps);
            after.addEndsTo(ends, steps);
            if (end(steps) >= 1) {
                ends.add(end(steps));
            }
        }

        /** A number with a point is a part of all steps, another one counts them. */
        private int end(int steps) {
            double number = Double.parseDouble(when);
            return (int) Math.min(steps, when.contains(".") ? number * steps : number);
        }
    }

    /** Another one in each step, and from the first on again: {@code [one|other]}. */
    record Alternate(List<EditedPrompt> options) implements EditedPrompt {
        @Override
        public void appendTo(StringBuilder text, int step, int steps) {
            options.get((step - 1) % options.size()).appendTo(text, step, steps);
        }

        @Override
        public void addEndsTo(Set<Integer> ends, int steps) {
            for (int step = 1; step <= steps; step++) {
                ends.add(step);
            }
        }
    }
}
