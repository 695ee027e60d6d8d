package dev.aquarelle.ops;

/**
 * What a user may say about how a backend runs. The number of threads does not change a bit of the result.
 *
 * @param threads worker threads, the calling one counted; 0 means as many as there are processors
 * @param device one of {@link Backend.Provider#devices}; empty means the best one
 */
public record BackendOptions(int threads, String device) {
    /** What suits the machine. */
    public static final BackendOptions DEFAULT = new BackendOptions(0);

    /** The best device. */
    public BackendOptions(int threads) {
        this(threads, "");
    }

    /**
     * @throws IllegalArgumentException if threads is negative
     */
    public BackendOptions {
        if (threads < 0 || threads > 4096) {
            throw new IllegalArgumentException("threads: expected 0 (as many as processors) to 4096, found " + threads);
        }
    }

    /**
     * What a backend without a choice of devices does with a wish for one.
     *
     * @throws BackendException if there is one
     */
    public void requireNoDevice(String backend) {
        if (!device.isEmpty()) {
            throw new BackendException(backend + ": expected no device, found " + device);
        }
    }

    /** The number of threads to use, at least 1. */
    public int resolvedThreads() {
        return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
}
