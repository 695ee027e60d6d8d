package dev.aquarelle.ops;

/** Asked again and again during a run, from several threads, whether to stop: within an operation, not only between two of them. */
@FunctionalInterface
public interface Cancellation {
    /** Never cancelled. */
    Cancellation NEVER = () -> false;

    /** Whether the run should stop; cheap and safe to call from any thread. */
    boolean isCancelled();
}
