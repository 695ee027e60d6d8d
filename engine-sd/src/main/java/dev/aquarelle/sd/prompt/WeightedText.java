package dev.aquarelle.sd.prompt;

/**
 * A part of a prompt that counts more or less than usual.
 *
 * @param text the words
 * @param weight what their hidden states are multiplied by, 1 for no change
 */
public record WeightedText(String text, double weight) {
    /** Ends a chunk of tokens early: what follows begins a new one. */
    public static final WeightedText BREAK = new WeightedText("BREAK", -1);

    /**
     * @throws IllegalArgumentException if the weight is no finite number
     */
    public WeightedText {
        if (!Float.isFinite((float) weight)) {
            throw new IllegalArgumentException(
                    "weight of '%s': expected a finite number, found %s".formatted(text, weight));
        }
    }
}
