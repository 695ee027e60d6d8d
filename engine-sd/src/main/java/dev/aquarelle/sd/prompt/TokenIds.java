package dev.aquarelle.sd.prompt;

import java.util.Arrays;

/**
 * A prompt as a text encoder takes it. Immutable.
 */
public final class TokenIds {
    private final int[] ids;
    private final int truncated;

    TokenIds(int[] ids, int truncated) {
        this.ids = ids;
        this.truncated = truncated;
    }

    /** A copy of the ids: begin, the prompt, end, padding. */
    public int[] toArray() {
        return ids.clone();
    }

    /** How many ids there are, padding counted. */
    public int length() {
        return ids.length;
    }

    /** How many of the prompt's tokens did not find room and were cut from its end. */
    public int truncated() {
        return truncated;
    }

    @Override
    public String toString() {
        return truncated == 0 ? Arrays.toString(ids) : "%s (%d more cut)".formatted(Arrays.toString(ids), truncated);
    }
}
