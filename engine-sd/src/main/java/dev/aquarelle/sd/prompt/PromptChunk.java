package dev.aquarelle.sd.prompt;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A stretch of a long prompt, as the web interface of AUTOMATIC1111 cuts it: each is encoded alone, with begin and end of its own, and
 * the hidden states follow one another along the tokens. Immutable.
 */
public final class PromptChunk {
    private final int[] ids;
    private final float[] weights;

    private PromptChunk(int[] ids, float[] weights) {
        this.ids = ids;
        this.weights = weights;
    }

    /**
     * Cuts a prompt into chunks, as many as it takes and at least one.
     *
     * @param parts the prompt; {@link WeightedText#BREAK} ends a chunk early
     * @param length ids of a chunk, begin, end and padding counted; 77
     */
    public static List<PromptChunk> of(ClipTokenizer tokenizer, List<WeightedText> parts, int length) {
        Builder builder = new Builder(tokenizer, length);
        for (WeightedText part : parts) {
            if (part.equals(WeightedText.BREAK)) {
                builder.end();
            } else {
                for (int id : tokenizer.tokenize(part.text())) {
                    builder.add(id, (float) part.weight());
                }
            }
        }
        return builder.chunks();
    }

    /** A copy of the ids: begin, tokens, end, padding. */
    public int[] ids() {
        return ids.clone();
    }

    /** A copy of the weights, one for each id; 1 for begin, end and padding. */
    public float[] weights() {
        return weights.clone();
    }

    @Override
    public String toString() {
        return Arrays.toString(ids);
    }

    private static final class Builder {
        private final ClipTokenizer tokenizer;
        private final List<PromptChunk> chunks = new ArrayList<>();
        private final int length;
        private int[] ids;
        private float[] weights;
        private int count;

        Builder(ClipTokenizer tokenizer, int length) {
            if (length < 3) {
                throw new IllegalArgumentException("length: expected at least 3, found " + length);
            }
            this.tokenizer = tokenizer;
            this.length = length;
            ids = new int[length];
            weights = new float[length];
            begin();
        }

        private void begin() {
            ids = new int[length];
            weights = new float[length];
            Arrays.fill(ids, tokenizer.padId());
            Arrays.fill(weights, 1);
            ids[0] = tokenizer.bosId();
            count = 1;
        }

        void add(int id, float weight) {
            if (count == length - 1) {
                end();
            }
            ids[count] = id;
            weights[count] = weight;
            count++;
        }

        void end() {
            ids[count] = tokenizer.eosId();
            chunks.add(new PromptChunk(ids, weights));
            begin();
        }

        List<PromptChunk> chunks() {
            if (count > 1 || chunks.isEmpty()) {
                end();
            }
            return List.copyOf(chunks);
        }
    }
}
