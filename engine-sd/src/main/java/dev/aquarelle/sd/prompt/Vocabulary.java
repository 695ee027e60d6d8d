package dev.aquarelle.sd.prompt;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * The tokens of a byte-level byte-pair encoding (Sennrich et al., arXiv:1508.07909; on bytes as in GPT-2): a word starts as its bytes in
 * UTF-8, the last one marked as the end of a word, and is merged pair by pair, the earliest learned pair first. Immutable.
 */
final class Vocabulary {
    /** What the last piece of a word ends with in {@code vocab.json}. */
    static final String END_OF_WORD = "</w>";

    private static final int NONE = -1;

    private final Map<String, Integer> ids;
    private final MergeTable merges;
    private final int[] byteIds = new int[256];
    private final int[] lastByteIds = new int[256];

    /**
     * @param ids token to id; bytes are written as GPT-2 does, see {@link #byteSymbols}
     * @param merges the pairs that were learned
     */
    Vocabulary(Map<String, Integer> ids, MergeTable merges) {
        this.ids = ids;
        this.merges = merges;
        char[] symbols = byteSymbols();
        for (int b = 0; b < 256; b++) {
            byteIds[b] = id(String.valueOf(symbols[b]));
            lastByteIds[b] = id(symbols[b] + END_OF_WORD);
        }
    }

    /** The id of a token as it is written in {@code vocab.json}, or -1. */
    int id(String token) {
        return ids.getOrDefault(token, NONE);
    }

    /** One more than the largest id. */
    int size() {
        return ids.values().stream().mapToInt(id -> id).max().orElse(-1) + 1;
    }

    /**
     * Appends the ids of one word's tokens.
     *
     * @param unknown stands for a byte that is no token
     */
    void encode(String word, int unknown, IntStream.Builder out) {
        byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
        int count = bytes.length;
        int[] symbols = new int[count];
        int[] previous = new int[count];
        int[] next = new int[count];
        for (int i = 0; i < count; i++) {
            int id = (i == count - 1 ? lastByteIds : byteIds)[bytes[i] & 0xFF];
            symbols[i] = id == NONE ? unknown : id;
            previous[i] = i - 1;
            next[i] = i + 1;
        }
        mergePairs(symbols, previous, next);
        for (int i = 0; i < count; i = next[i]) {
            out.add(symbols[i]);
        }
    }

    /** Merges in place: a merged pair's left symbol becomes the new one, its right symbol leaves the list. */
    private void mergePairs(int[] symbols, int[] previous, int[] next) {
        PriorityQueue<Long> candidates =
                new PriorityQueue<>(); // rank above, position below: the earliest pair, the leftmost first
        for (int i = 0; i + 1 < symbols.length; i++) {
            offer(candidates, symbols, i, i + 1);
        }
        while (!candidates.isEmpty()) {
            long candidate = candidates.remove();
            int left = (int) candidate;
            int right = next[left];
            if (symbols[left] == NONE || right == symbols.length) {
                continue;
            }
            long merge = merges.find(symbols[left], symbols[right]);
            if (merge == MergeTable.NONE || MergeTable.rank(merge) != candidate >>> 32) {
                continue; // one of the two has been merged with another neighbor since
            }
            symbols[left] = MergeTable.id(merge);
            symbols[right] = NONE;
            next[left] = next[right];
            if (next[left] < symbols.length) {
                previous[next[left]] = left;
                offer(candidates, symbols, left, next[left]);
            }
            if (previous[left] >= 0) {
                offer(candidates, symbols, previous[left], left);
            }
        }
    }

    private void offer(PriorityQueue<Long> candidates, int[] symbols, int left, int right) {
        long merge = merges.find(symbols[left], symbols[right]);
        if (merge != MergeTable.NONE) {
            candidates.add((long) MergeTable.rank(merge) << 32 | left);
        }
    }

    /**
     * The character by which each byte is written in a vocabulary: itself where it is a visible character of Latin-1, else one from U+0100
     * on, in order; so that no token holds a blank or a control character.
     */
    static char[] byteSymbols() {
        char[] symbols = new char[256];
        char hidden = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean visible = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            symbols[b] = visible ? (char) b : hidden++;
        }
        return symbols;
    }
}
