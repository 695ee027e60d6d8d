package dev.aquarelle.ops;

/**
 * What a user may say about how a backend runs; none of it changes a bit of the result.
 *
 * @param threads worker threads, the calling one counted; 0 means as many as there are processors
 */
public record BackendOptions(int threads) {
    /** What suits the machine. */
    public static final BackendOptions DEFAULT = new BackendOptions(0);

    /**
     * @throws IllegalArgumentException if threads is negative
     */
    public BackendOptions {
        if (threads < 0 || threads > 4096) {
            throw new IllegalArgumentException("threads: expected 0 (as many as processors) to 4096, found " + threads);
        }
    }

    /** The number of threads to use, at least 1. */
    public int resolvedThreads() {
        return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
}
