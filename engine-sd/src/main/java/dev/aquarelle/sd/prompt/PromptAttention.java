package dev.aquarelle.sd.prompt;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The weights in a prompt, as the web interface of AUTOMATIC1111 reads them ({@code parse_prompt_attention} of its {@code prompt_parser.py}):
 * <pre>
 * (text)         counts 1.1 times as much
 * (text:1.3)     1.3 times
 * [text]         1 / 1.1 times
 * \( \) \[ \] \\ the characters themselves
 * BREAK          the next chunk of tokens begins
 * </pre>
 * Brackets may be nested; one that is not closed reaches to the end, one that was not opened is text, and so is a colon before something
 * that is no number.
 */
public final class PromptAttention {
    private static final double ROUND = 1.1;
    private static final double SQUARE = 1 / 1.1;

    /** An escape, a weight with the bracket that it closes, a mark, or text up to the next of these. */
    private static final Pattern TOKEN = Pattern.compile(
            "\\\\[\\\\()\\[\\]]?|:\\s*([+-]?(?:\\d+\\.?\\d*|\\.\\d+))\\s*\\)|[()\\[\\]:]|[^\\\\()\\[\\]:]+");

    /** Looked for at the beginning of a run of blanks alone, or behind the one before, so that thousands of them are passed once. */
    private static final Pattern BREAK =
            Pattern.compile("(?:(?<!\\s)|\\G)\\s*+\\bBREAK\\b\\s*+", Pattern.UNICODE_CHARACTER_CLASS);

    private final List<String> texts = new ArrayList<>();
    private final List<Double> weights = new ArrayList<>();
    private final Deque<Integer> round = new ArrayDeque<>();
    private final Deque<Integer> square = new ArrayDeque<>();

    private PromptAttention() {}

    /**
     * The parts of a prompt in their order, neighbors of one weight joined; at least one. White space is kept but around
     * {@link WeightedText#BREAK}.
     *
     * @throws IllegalArgumentException if brackets multiply a weight beyond all numbers
     */
    public static List<WeightedText> parse(String prompt) {
        PromptAttention attention = new PromptAttention();
        Matcher token = TOKEN.matcher(prompt);
        while (token.find()) {
            attention.take(token.group(), token.group(1));
        }
        return attention.parts();
    }

    private void take(String token, @Nullable String weight) {
        if (token.startsWith("\\")) {
            add(token.length() == 1 ? token : token.substring(1), 1);
        } else if (token.equals("(")) {
            round.push(texts.size());
        } else if (token.equals("[")) {
            square.push(texts.size());
        } else if (weight != null && !round.isEmpty()) {
            multiply(round.pop(), Double.parseDouble(weight));
        } else if (token.equals(")") && !round.isEmpty()) {
            multiply(round.pop(), ROUND);
        } else if (token.equals("]") && !square.isEmpty()) {
            multiply(square.pop(), SQUARE);
        } else {
            addText(token);
        }
    }

    private void addText(String text) {
        String[] parts = BREAK.split(text, -1);
        for (int i = 0; i < parts.length; i++) {
            if (i > 0) {
                add(WeightedText.BREAK.text(), WeightedText.BREAK.weight());
            }
            add(parts[i], 1);
        }
    }

    private void add(String text, double weight) {
        texts.add(text);
        weights.add(weight);
    }

    private void multiply(int from, double factor) {
        for (int i = from; i < weights.size(); i++) {
            weights.set(i, weights.get(i) * factor);
        }
    }

    private List<WeightedText> parts() {
        round.descendingIterator().forEachRemaining(from -> multiply(from, ROUND));
        square.descendingIterator().forEachRemaining(from -> multiply(from, SQUARE));
        if (texts.isEmpty()) {
            add("", 1);
        }
        List<WeightedText> parts = new ArrayList<>();
        for (int from = 0; from < texts.size(); ) {
            int to = from + 1;
            while (to < texts.size() && weights.get(to).equals(weights.get(from))) {
                to++;
            }
            parts.add(new WeightedText(String.join("", texts.subList(from, to)), weights.get(from)));
            from = to;
        }
        return List.copyOf(parts);
    }
}
