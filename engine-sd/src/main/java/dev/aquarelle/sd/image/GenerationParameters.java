package dev.aquarelle.sd.image;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/**
 * How a picture was made, as the text that the Stable Diffusion web UI and its heirs store under {@code parameters} in a PNG:
 * <pre>
 * a red apple
 * Negative prompt: blurry
 * Steps: 15, Sampler: DDIM, CFG scale: 5, Seed: 1, Size: 128x128
 * </pre>
 * @param prompt what was asked for; may have several lines
 * @param negativePrompt what was not wanted; may be empty
 * @param values the rest by name, in the order of the text
 */
public record GenerationParameters(String prompt, String negativePrompt, SequencedMap<String, String> values) {
    private static final String NEGATIVE = "Negative prompt:";

    /** Fewer pairs than this in the last line, and the line is part of the prompt. */
    private static final int FEWEST_PAIRS = 3;

    /** Copies the values, which keep their order. */
    public GenerationParameters {
        values = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(values));
    }

    /**
     * Reads the text; there is none that cannot be read: what does not look like values is prompt. A value such as {@code 512x768}
     * also gives its parts, as {@code Size-1} and {@code Size-2}.
     */
    public static GenerationParameters parse(String text) {
        List<String> lines =
                new ArrayList<>(List.of(ParameterScanner.strip(text).split("\n", -1)));
        Map<String, String> pairs = new ParameterScanner(lines.getLast()).pairs(FEWEST_PAIRS);
        if (!pairs.isEmpty()) {
            lines.removeLast();
        }
        List<String> prompt = new ArrayList<>();
        List<String> negative = new ArrayList<>();
        boolean inNegative = false;
        for (String raw : lines) {
            String line = ParameterScanner.strip(raw);
            if (line.startsWith(NEGATIVE)) {
                inNegative = true;
                line = ParameterScanner.strip(line.substring(NEGATIVE.length()));
            }
            (inNegative ? negative : prompt).add(line);
        }
        return new GenerationParameters(join(prompt), join(negative), withParts(pairs));
    }

    /** The pairs in a text such as {@code Model: canny, Weight: 0.5}, which a value may be in turn. */
    public static SequencedMap<String, String> pairs(String text) {
        return new LinkedHashMap<>(new ParameterScanner(text).pairs(1));
    }

    /** The text of pairs, as {@link #pairs} reads it. */
    public static String text(Map<String, String> pairs) {
        return pairs.entrySet().stream()
                .map(pair -> pair.getKey() + ": " + quoteIfNeeded(pair.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** Lines joined again, without the empty ones in front. */
    private static String join(List<String> lines) {
        return lines.stream().dropWhile(String::isEmpty).collect(Collectors.joining("\n"));
    }

    private static SequencedMap<String, String> withParts(Map<String, String> pairs) {
        SequencedMap<String, String> values = new LinkedHashMap<>();
        pairs.forEach((name, value) -> {
            values.put(name, value);
            int x = value.indexOf('x');
            if (isSize(value, x)) {
                values.put(name + "-1", value.substring(0, x));
                values.put(name + "-2", value.substring(x + 1));
            }
        });
        return values;
    }

    private static boolean isSize(String value, int x) {
        return x > 0 && isNumber(value.substring(0, x)) && isNumber(value.substring(x + 1));
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty() && text.chars().allMatch(Character::isDigit);
    }

    /** Whether {@link #parse} made this value of another one, and would again. */
    private boolean isPart(String name, String value) {
        if (!name.endsWith("-1") && !name.endsWith("-2")) {
            return false;
        }
        String whole = values.getOrDefault(name.substring(0, name.length() - 2), "");
        int x = whole.indexOf('x');
        return isSize(whole, x) && value.equals(name.endsWith("-1") ? whole.substring(0, x) : whole.substring(x + 1));
    }

    /** The text, as {@link #parse} reads it; the parts of a size are not repeated. */
    public String toText() {
        String line = values.entrySet().stream()
                .filter(e -> !isPart(e.getKey(), e.getValue()))
                .map(e -> e.getKey() + ": " + quoteIfNeeded(e.getValue()))
                .collect(Collectors.joining(", "));
        String negative = negativePrompt.isEmpty() ? "" : "\n" + NEGATIVE + " " + negativePrompt;
        return ParameterScanner.strip(prompt + negative + "\n" + line);
    }

    private static String quoteIfNeeded(String value) {
        boolean plain = value.chars().noneMatch(c -> c == ',' || c == ':' || c == '\n' || c == '"');
        return plain ? value : JsonString.quote(value);
    }
}
