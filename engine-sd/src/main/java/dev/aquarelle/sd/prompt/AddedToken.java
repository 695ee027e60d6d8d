package dev.aquarelle.sd.prompt;

import dev.aquarelle.sd.ModelConfig;

/**
 * A token that is found in a text as it stands, before the text is cut into words: what transformers calls {@code AddedToken}.
 *
 * @param content what is looked for
 * @param normalized whether it is looked for in the normalized text (and normalized itself), else in the raw one
 * @param singleWord whether it is passed over beside a letter, digit or the like
 * @param lstrip whether it takes the white space before it along
 * @param rstrip whether it takes the white space behind it along
 */
record AddedToken(String content, boolean normalized, boolean singleWord, boolean lstrip, boolean rstrip) {
    /** Without rules of its own. */
    AddedToken(String content, boolean normalized) {
        this(content, normalized, false, false, false);
    }

    /**
     * From an object of a configuration.
     *
     * @param special whether it is a special token where it does not say; these are looked for in the raw text unless they say otherwise
     * @throws dev.aquarelle.sd.ModelException if the object is none of a token
     */
    static AddedToken of(ModelConfig json, boolean special) {
        String content = json.string("content");
        if (content.isEmpty()) {
            throw json.mismatch("content", "a token");
        }
        return new AddedToken(
                content,
                json.bool("normalized", !json.bool("special", special)),
                json.bool("single_word", false),
                json.bool("lstrip", false),
                json.bool("rstrip", false));
    }

    /** Whether it counts where it stands in a text, as far as {@link #singleWord} has a say. */
    boolean countsAt(String text, int from, int end) {
        return !singleWord
                || (from == 0 || !isOfAWord(text.codePointBefore(from)))
                        && (end == text.length() || !isOfAWord(text.codePointAt(end)));
    }

    /** What Unicode's regular expressions (UTS 18) call {@code \w}. */
    private static boolean isOfAWord(int c) {
        return Character.isAlphabetic(c)
                || PromptText.isMark(c)
                || switch (Character.getType(c)) {
                    case Character.DECIMAL_DIGIT_NUMBER, Character.CONNECTOR_PUNCTUATION -> true;
                    default -> c == 0x200C || c == 0x200D; // the joiners
                };
    }

    /** Where what is taken along before it begins, not before {@code least}. */
    int start(String text, int from, int least) {
        int start = from;
        while (lstrip && start > least && PromptText.isWhiteSpace(text.charAt(start - 1))) {
            start--;
        }
        return start;
    }

    /** Where what is taken along behind it ends. */
    int end(String text, int to) {
        int end = to;
        while (rstrip && end < text.length() && PromptText.isWhiteSpace(text.charAt(end))) {
            end++;
        }
        return end;
    }
}
