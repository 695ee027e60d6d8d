package dev.aquarelle.sd.prompt;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Which text a prompt is in which steps, as the web interface of AUTOMATIC1111 reads it ({@code get_learned_conditioning_prompt_schedules}
 * of its {@code prompt_parser.py}):
 * <pre>
 * [from:to:when]  one text, then another
 * [to:when]       nothing, then a text
 * [from::when]    a text, then nothing
 * [one|other]     another in each step; options may be empty
 * </pre>
 * A {@code when} with a point in it is a part of all steps, another one counts them. All this may be nested. What is not so is text.
 *
 * @param prompt as it is written
 * @param entries by their ends, the last of which is the number of steps
 */
public record PromptSchedule(String prompt, List<Entry> entries) {

    /**
     * A text and its last step.
     *
     * @param endAtStep see {@link #at}
     */
    public record Entry(int endAtStep, String text) {}

    /**
     * @throws IllegalArgumentException if there are none
     */
    public PromptSchedule {
        entries = List.copyOf(entries);
        if (entries.isEmpty()) {
            throw new IllegalArgumentException("prompt schedule: expected at least one entry, found none");
        }
    }

    /**
     * Of a prompt.
     *
     * @param steps of the sampler, at least 1
     * @throws IllegalArgumentException if brackets are nested more than 100 deep
     */
    public static PromptSchedule of(String prompt, int steps) {
        return of(prompt, new CountedSteps(0, steps));
    }

    /**
     * The same prompt in a second pass over the picture, in which its numbers go on (the web interface's "hires fix", version 1.6 and later): with a
     * point they are parts of the second pass from 1 on, without one they count the steps of both. Alternation begins anew.
     *
     * @param steps of the second pass, at least 1
     */
    public PromptSchedule again(int steps) {
        return of(prompt, new CountedSteps(entries.getLast().endAtStep(), steps));
    }

    private static PromptSchedule of(String prompt, CountedSteps steps) {
        EditedPrompt edited = EditedPromptParser.parse(prompt);
        TreeSet<Integer> ends = new TreeSet<>(List.of(steps.steps()));
        edited.addEndsTo(ends, steps);
        List<Entry> entries = new ArrayList<>();
        for (int end : ends) {
            StringBuilder text = new StringBuilder();
            edited.appendTo(text, end, steps);
            entries.add(new Entry(end, text.toString()));
        }
        return new PromptSchedule(prompt, entries);
    }

    /**
     * The text in a step, counted from 0. The web interface compares this count, which runs one behind, with the ends: the first text of a
     * schedule lasts a step longer than its number says, and so does it here.
     */
    public String at(int step) {
        return entries.stream()
                .filter(entry -> step <= entry.endAtStep)
                .findFirst()
                .orElse(entries.getLast())
                .text();
    }
}
