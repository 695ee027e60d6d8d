package dev.aquarelle.sd.prompt;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Several prompts for one picture (arXiv:2206.01714), as the web interface of AUTOMATIC1111 reads them: parts with an {@code AND} between
 * them, each with a weight behind it if it likes: {@code a cat AND a dog :0.5}. A prompt without {@code AND} is one part, and what is behind
 * its last colon is a weight too if it is a number.
 *
 * @param parts at least one
 */
public record ComposedPrompt(List<Part> parts) {
    private static final Pattern AND = Pattern.compile("\\bAND\\b", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern NUMBER = Pattern.compile("[-+]?(?:\\d+\\.?|\\d*\\.\\d+)");

    /**
     * One of the prompts.
     *
     * @param weight how much guidance by it counts
     */
    public record Part(String text, double weight) {}

    /**
     * @throws IllegalArgumentException if there is no part
     */
    public ComposedPrompt {
        parts = List.copyOf(parts);
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("composed prompt: expected at least one part, found none");
        }
    }

    /** Takes a prompt apart. */
    public static ComposedPrompt of(String prompt) {
        return new ComposedPrompt(
                Stream.of(AND.split(prompt, -1)).map(ComposedPrompt::part).toList());
    }

    private static Part part(String text) {
        String stripped = withoutEnd(text);
        int colon = stripped.lastIndexOf(':');
        String weight = withoutBegin(stripped.substring(colon + 1));
        return colon >= 0 && NUMBER.matcher(weight).matches()
                ? new Part(withoutEnd(stripped.substring(0, colon)), Double.parseDouble(weight))
                : new Part(stripped, 1);
    }

    private static String withoutEnd(String text) {
        int end = text.length();
        while (end > 0 && PromptText.isWhiteSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }

    private static String withoutBegin(String text) {
        int begin = 0;
        while (begin < text.length() && PromptText.isWhiteSpace(text.charAt(begin))) {
            begin++;
        }
        return text.substring(begin);
    }

    /** The weights alone. */
    public List<Double> weights() {
        return parts.stream().map(Part::weight).toList();
    }
}
