package dev.aquarelle.sd.prompt;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A stretch of a long prompt, as the web interface of AUTOMATIC1111 cuts it: each is encoded alone, with begin and end of its own, and
 * the hidden states follow one another along the tokens. Immutable.
 */
public final class PromptChunk {
    /** How many tokens behind a comma go along to the next chunk rather than being cut from one another, unless said otherwise. */
    public static final int COMMA_BACKTRACK = 20;

    private final int[] ids;
    private final float[] weights;

    private PromptChunk(int[] ids, float[] weights) {
        this.ids = ids;
        this.weights = weights;
    }

    /** Cuts a prompt into chunks, wherever one is full. */
    public static List<PromptChunk> of(ClipTokenizer tokenizer, List<WeightedText> parts, int length) {
        return of(tokenizer, parts, length, 0);
    }

    /**
     * Cuts a prompt into chunks, as many as it takes and at least one. What belongs together, as the ids of one word of textual inversion do, is
     * not cut.
     *
     * @param parts the prompt; {@link WeightedText#BREAK} ends a chunk early
     * @param length ids of a chunk, begin, end and padding counted; 77
     * @param commaBacktrack a full chunk ends at its last comma if no more than so many tokens stand from there on, the comma counted
     */
    public static List<PromptChunk> of(
            ClipTokenizer tokenizer, List<WeightedText> parts, int length, int commaBacktrack) {
        Builder builder = new Builder(tokenizer, length, commaBacktrack);
        for (WeightedText part : parts) {
            if (part.equals(WeightedText.BREAK)) {
                builder.end();
            } else {
                int[] ids = tokenizer.tokenize(part.text());
                for (int i = 0; i < ids.length; ) {
                    int together = tokenizer.idsTogether(ids[i]);
                    builder.makeRoom(ids[i], together);
                    for (int end = i + together; i < end; i++) {
                        builder.add(ids[i], (float) part.weight());
                    }
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
        private static final int NONE = -1;

        private final ClipTokenizer tokenizer;
        private final List<PromptChunk> chunks = new ArrayList<>();
        private final int length;
        private final int comma;
        private final int commaBacktrack;
        private int[] ids;
        private float[] weights;
        private int count;
        private int lastComma;

        Builder(ClipTokenizer tokenizer, int length, int commaBacktrack) {
            if (length < 3) {
                throw new IllegalArgumentException("length: expected at least 3, found " + length);
            }
            this.tokenizer = tokenizer;
            this.length = length;
            this.commaBacktrack = commaBacktrack;
            int[] commas = tokenizer.tokenize(",");
            comma = commas.length == 1 ? commas[0] : NONE;
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
            lastComma = NONE;
        }

        /** Begins a new chunk if this one has no room for so many ids, the first of which is given; one that is longer than a chunk is cut. */
        void makeRoom(int id, int together) {
            if (count == length - 1) {
                boolean near = lastComma != NONE && count - lastComma <= commaBacktrack;
                endAt(near && id != comma ? lastComma + 1 : count);
            }
            if (count + together > length - 1 && count > 1 && together > 1) {
                end();
            }
        }

        void add(int id, float weight) {
            if (count == length - 1) {
                end();
            }
            if (id == comma) {
                lastComma = count;
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

        /** Ends a chunk early, at a comma: what stands behind it begins the next one. */
        private void endAt(int at) {
            int[] nextIds = Arrays.copyOfRange(ids, at, count);
            float[] nextWeights = Arrays.copyOfRange(weights, at, count);
            Arrays.fill(ids, at, count, tokenizer.padId());
            Arrays.fill(weights, at, count, 1);
            count = at;
            end();
            System.arraycopy(nextIds, 0, ids, 1, nextIds.length);
            System.arraycopy(nextWeights, 0, weights, 1, nextWeights.length);
            count += nextIds.length;
        }

        List<PromptChunk> chunks() {
            if (count > 1 || chunks.isEmpty()) {
                end();
            }
            return List.copyOf(chunks);
        }
    }
}
