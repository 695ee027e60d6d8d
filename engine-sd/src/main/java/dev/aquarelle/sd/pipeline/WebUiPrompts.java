package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.prompt.ComposedPrompt;
import dev.aquarelle.sd.prompt.PromptComments;
import dev.aquarelle.sd.prompt.TaggedPrompt;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A request's prompts as the web interface of AUTOMATIC1111 reads them.
 *
 * @param parts of the prompt, one for each look
 * @param negative what guidance leads away from; {@code AND} is a word in it
 * @param noNegative whether that is nothing in all steps
 */
record WebUiPrompts(List<ScheduledTexts> parts, ScheduledTexts negative, boolean noNegative) {
    private static final int MOST_CHARS = 20_000; // some seventy chunks; taking them apart is no work then

    /**
     * Reads the prompts of a request.
     *
     * @param steps of the sampler
     * @throws IllegalArgumentException if a prompt is too long, has broken tags, brackets nested beyond measure, or other parts than the second
     */
    static WebUiPrompts of(TextToImage text, int steps) {
        requireLengths(text);
        List<ComposedPrompt.Part> first = composed(text.prompt()).parts();
        String prompt2 = text.sdxl().prompt2();
        List<ComposedPrompt.Part> second =
                prompt2 == null ? first : composed(prompt2).parts();
        if (first.size() != second.size()) {
            throw new IllegalArgumentException("second prompt: expected %d parts with AND between them, found %d"
                    .formatted(first.size(), second.size()));
        }
        String negative = PromptComments.leftOut(text.negativePrompt() == null ? "" : text.negativePrompt());
        String second2 = text.sdxl().negativePrompt2();
        String negative2 = second2 == null ? negative : PromptComments.leftOut(second2);
        return new WebUiPrompts(
                IntStream.range(0, first.size())
                        .mapToObj(i -> ScheduledTexts.of(
                                first.get(i).text(), second.get(i).text(), steps))
                        .toList(),
                ScheduledTexts.of(negative, negative2, steps),
                negative.isEmpty() && negative2.isEmpty());
    }

    /** A prompt without comments and tags, in parts. */
    static ComposedPrompt composed(String prompt) {
        return ComposedPrompt.of(TaggedPrompt.of(prompt).text());
    }

    /**
     * Refuses prompts that nobody has written, before they are taken apart.
     *
     * @throws IllegalArgumentException if one is too long
     */
    static void requireLengths(TextToImage text) {
        requireLength("prompt", text.prompt());
        requireLength("negative prompt", text.negativePrompt());
        requireLength("second prompt", text.sdxl().prompt2());
        requireLength("second negative prompt", text.sdxl().negativePrompt2());
    }

    private static void requireLength(String which, @Nullable String text) {
        if (text != null && text.length() > MOST_CHARS) {
            throw new IllegalArgumentException(
                    "%s: expected at most %d characters, found %d".formatted(which, MOST_CHARS, text.length()));
        }
    }
}
