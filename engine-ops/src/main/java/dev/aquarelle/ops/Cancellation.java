package dev.aquarelle.ops;

import java.util.concurrent.CancellationException;

/** Asked again and again during a run, from several threads, whether to stop: within an operation, not only between two of them. */
@FunctionalInterface
public interface Cancellation {
    /** Never cancelled. */
    Cancellation NEVER = () -> false;

    /** Whether the run should stop; cheap and safe to call from any thread. */
    boolean isCancelled();

    /**
     * Ends the work if it should stop, or if the thread was interrupted, which it stays.
     *
     * @throws CancellationException says which of the two
     */
    default void check() {
        if (isCancelled()) {
            throw new CancellationException("the run was cancelled");
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the run was interrupted");
        }
    }
}
