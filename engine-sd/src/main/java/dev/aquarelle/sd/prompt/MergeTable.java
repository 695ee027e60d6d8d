package dev.aquarelle.sd.prompt;

import java.util.Arrays;

/** The learned pairs: the ids of two neighbors give the pair's rank and the id of what they become. A hash table with open addressing. */
final class MergeTable {
    /** No such pair. */
    static final long NONE = -1;

    private final long[] keys;
    private final long[] merges;
    private int count;

    /**
     * @param capacity the most pairs it will hold
     */
    MergeTable(int capacity) {
        int slots = Integer.highestOneBit(Math.max(capacity, 4)) * 4; // at most half full
        keys = new long[slots];
        merges = new long[slots];
        Arrays.fill(merges, NONE);
    }

    /** Adds a pair that becomes {@code id}; its rank is the number of pairs added before. The last of equal pairs counts. */
    void add(int left, int right, int id) {
        int slot = slot(left, right);
        keys[slot] = key(left, right);
        merges[slot] = (long) count++ << 32 | id;
    }

    /** The pairs that were added. */
    int size() {
        return count;
    }

    /** The pair's merge, to be taken apart by {@link #rank} and {@link #id}; {@link #NONE} if there is none. */
    long find(int left, int right) {
        return merges[slot(left, right)];
    }

    static int rank(long merge) {
        return (int) (merge >>> 32);
    }

    static int id(long merge) {
        return (int) merge;
    }

    private int slot(int left, int right) {
        long key = key(left, right);
        int mask = keys.length - 1;
        int slot = (int) (key * 0x9E3779B97F4A7C15L >>> 32) & mask; // Fibonacci hashing
        while (merges[slot] != NONE && keys[slot] != key) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private static long key(int left, int right) {
        return (long) left << 32 | right;
    }
}
