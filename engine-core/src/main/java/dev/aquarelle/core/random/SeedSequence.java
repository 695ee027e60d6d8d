package dev.aquarelle.core.random;

/**
 * Seeds made of a seed and of a place in a tree of generators, the words of numpy's {@code SeedSequence}: each word is hashed into a pool, all
 * words of which are mixed with one another (O'Neill 2015, "Developing a seed_seq alternative").
 */
final class SeedSequence {
    private static final int BEFORE_POOL = 0x43b0d7e5;
    private static final int POOL_FACTOR = 0x931e8875;
    private static final int BEFORE_STATE = 0x8b51f9dd;
    private static final int STATE_FACTOR = 0x58f38ded;
    private static final int OWN_FACTOR = 0xca01f9dd;
    private static final int OTHER_FACTOR = 0x4973f715;

    private final int[] pool;
    private int hash = BEFORE_POOL;

    /**
     * @param entropy the seed, without a sign
     * @param poolSize words of the pool, at least 2
     * @param place numbers that tell this sequence from others of the seed, without a sign
     */
    SeedSequence(long entropy, int poolSize, long... place) {
        pool = new int[poolSize];
        for (int i = 0; i < poolSize; i++) {
            pool[i] = hashed(i < 2 ? (int) (entropy >>> 32 * i) : 0);
        }
        for (int from = 0; from < poolSize; from++) {
            for (int to = 0; to < poolSize; to++) {
                if (from != to) {
                    pool[to] = mixed(pool[to], hashed(pool[from]));
                }
            }
        }
        for (long number : place) {
            mixIn((int) number);
            if (number >>> 32 != 0) {
                mixIn((int) (number >>> 32));
            }
        }
    }

    /** So many words of seeds, always the same. */
    int[] state(int words) {
        int[] state = new int[words];
        int factor = BEFORE_STATE;
        for (int i = 0; i < words; i++) {
            int word = pool[i % pool.length] ^ factor;
            factor *= STATE_FACTOR;
            word *= factor;
            state[i] = word ^ word >>> 16;
        }
        return state;
    }

    private void mixIn(int word) {
        for (int to = 0; to < pool.length; to++) {
            pool[to] = mixed(pool[to], hashed(word));
        }
    }

    private int hashed(int word) {
        int value = word ^ hash;
        hash *= POOL_FACTOR;
        value *= hash;
        return value ^ value >>> 16;
    }

    private static int mixed(int own, int other) {
        int value = OWN_FACTOR * own - OTHER_FACTOR * other;
        return value ^ value >>> 16;
    }
}
