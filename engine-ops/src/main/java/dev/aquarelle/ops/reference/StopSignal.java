package dev.aquarelle.ops.reference;

import dev.aquarelle.ops.Cancellation;
import java.util.concurrent.CancellationException;

/** Ends a run from within its loops, on a cancelled token or an interrupted thread. The thread's interrupt stays set. */
record StopSignal(Cancellation cancellation) {

    /**
     * @throws CancellationException if the run should stop
     */
    void check() {
        if (cancellation.isCancelled()) {
            throw new CancellationException("the run was cancelled");
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the run was interrupted");
        }
    }
}
