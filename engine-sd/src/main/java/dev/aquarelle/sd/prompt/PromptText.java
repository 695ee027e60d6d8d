package dev.aquarelle.sd.prompt;

import java.text.Normalizer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What CLIP's tokenizer does to a text before it looks for tokens, as transformers' {@code CLIPTokenizer} does it: Unicode normal form C,
 * runs of white space to one blank, lower case, and the cut into words.
 */
final class PromptText {
    /** Canonical ordering takes time in the square of such a run; the most ornamented real text has some tens. */
    static final int MAX_MARKS_IN_A_ROW = 1000;

    private static final String[] CONTRACTIONS = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    private static final String[] WHOLE = {"<|startoftext|>", "<|endoftext|>"};

    private PromptText() {}

    /**
     * The text in normal form C, each run of white space one blank, each code point in lower case by itself (so a final capital sigma
     * becomes a plain small one). Half a surrogate pair stands for no character and becomes U+FFFD.
     *
     * @throws IllegalArgumentException if more than {@link #MAX_MARKS_IN_A_ROW} combining marks follow one another
     */
    static String normalize(String text) {
        String composed = composed(text);
        StringBuilder result = new StringBuilder(composed.length());
        boolean inSpace = false;
        for (int i = 0; i < composed.length(); ) {
            int c = composed.codePointAt(i);
            i += Character.charCount(c);
            boolean space = isWhiteSpace(c);
            if (space && !inSpace) {
                result.append(' ');
            } else if (!space) {
                appendLowerCase(result, c);
            }
            inSpace = space;
        }
        return result.toString();
    }

    private static String composed(String text) {
        StringBuilder repaired = null;
        int marks = 0;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                repaired = repaired == null ? new StringBuilder(text) : repaired;
                repaired.setCharAt(i, '\uFFFD');
            }
            marks = isMark(c) ? marks + 1 : 0;
            if (marks > MAX_MARKS_IN_A_ROW) {
                throw new IllegalArgumentException(
                        "prompt: expected at most %d combining marks in a row, found more up to character %d"
                                .formatted(MAX_MARKS_IN_A_ROW, i));
            }
            i += Character.charCount(c);
        }
        return Normalizer.normalize(repaired == null ? text : repaired, Normalizer.Form.NFC);
    }

    private static void appendLowerCase(StringBuilder result, int c) {
        if (c < 0x80) {
            result.append((char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c));
        } else {
            // Character.toLowerCase knows no mapping to two (U+0130). The JDK's Unicode is 16: of the reference's 17 it
            // lacks 28
            // letters, U+A7CE, U+A7D2, U+A7D4 and Beria Erfe's U+16EA0 to 16EB8, which no model has seen
            result.append(Character.toString(c).toLowerCase(Locale.ROOT));
        }
    }

    /**
     * The end of the word that starts at {@code from}, or -1 if a blank stands there. A word is an English contraction's ending, a run of
     * letters, a single digit, or a run of anything else but white space:
     * {@code <\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+}.
     *
     * @param text what {@link #normalize} gave
     */
    static int wordEnd(String text, int from) {
        int first = text.codePointAt(from);
        if (isWhiteSpace(first)) {
            return -1;
        }
        String fixed = first == '\''
                ? startingAt(text, from, CONTRACTIONS)
                : first == '<' ? startingAt(text, from, WHOLE) : null;
        if (fixed != null) {
            return from + fixed.length();
        }
        boolean letters = Character.isLetter(first);
        int end = from + Character.charCount(first);
        if (!letters && isNumber(first)) {
            return end;
        }
        while (end < text.length()) {
            int c = text.codePointAt(end);
            boolean same = letters ? Character.isLetter(c) : !Character.isLetter(c) && !isNumber(c) && !isWhiteSpace(c);
            if (!same) {
                break;
            }
            end += Character.charCount(c);
        }
        return end;
    }

    /** Whether the word that starts at {@code from} is {@code <|startoftext|>} or {@code <|endoftext|>}, which was no special token. */
    static boolean isMarker(String text, int from) {
        return text.charAt(from) == '<' && startingAt(text, from, WHOLE) != null;
    }

    private static @Nullable String startingAt(String text, int from, String[] candidates) {
        for (String candidate : candidates) {
            if (text.startsWith(candidate, from)) {
                return candidate;
            }
        }
        return null;
    }

    /** Unicode's property White_Space, which neither {@code isWhitespace} nor {@code isSpaceChar} is. */
    static boolean isWhiteSpace(int c) {
        return c >= 0x09 && c <= 0x0D
                || c == 0x20
                || c == 0x85
                || c == 0xA0
                || c == 0x1680
                || c >= 0x2000 && c <= 0x200A
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }

    private static boolean isNumber(int c) {
        return switch (Character.getType(c)) {
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
            default -> false;
        };
    }

    /** Unicode's category M. */
    static boolean isMark(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK -> true;
            default -> false;
        };
    }
}
