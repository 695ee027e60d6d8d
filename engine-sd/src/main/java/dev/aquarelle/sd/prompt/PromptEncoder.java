package dev.aquarelle.sd.prompt;

/**
 * Makes token ids of the one length that a text encoder takes: cut to the first {@code length - 1} and the end, or filled up with
 * padding.
 *
 * @param tokenizer the model's
 * @param length ids of each prompt, 77 in all of CLIP
 */
public record PromptEncoder(ClipTokenizer tokenizer, int length) {
    /** The longest prompt in chars; what lies behind the first some hundred is cut anyway. */
    public static final int MAX_CHARS = 1_000_000;

    /**
     * @throws IllegalArgumentException if the length has no room for begin and end
     */
    public PromptEncoder {
        if (length < 2) {
            throw new IllegalArgumentException("length: expected at least 2, found " + length);
        }
    }

    /**
     * The ids of a prompt, which may be empty.
     *
     * @throws IllegalArgumentException if the prompt is longer than {@link #MAX_CHARS}, or not writing at all but thousands of marks
     */
    public TokenIds encode(String prompt) {
        if (prompt.length() > MAX_CHARS) {
            throw new IllegalArgumentException(
                    "prompt: expected at most %d characters, found %d".formatted(MAX_CHARS, prompt.length()));
        }
        int[] found = tokenizer.encode(prompt);
        int[] ids = new int[length];
        for (int i = 0; i < length; i++) {
            ids[i] = i < found.length ? found[i] : tokenizer.padId();
        }
        if (found.length > length) {
            ids[length - 1] = tokenizer.eosId();
        }
        return new TokenIds(ids, Math.max(0, found.length - length));
    }
}
