package dev.aquarelle.cli;

import dev.aquarelle.ops.Cancellation;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C: the work is told to stop, and the process waits a moment for it to clean up before it ends, with status 130 as shells expect of an
 * interrupted command.
 */
final class Interrupt implements Cancellation {
    private static final int PATIENCE_MILLIS = 800;

    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean asked;

    Interrupt() {}

    /** One that the end of the process triggers. */
    static Interrupt install() {
        Interrupt interrupt = new Interrupt();
        Thread work = Thread.currentThread();
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("interrupt").unstarted(() -> interrupt.stop(work)));
        return interrupt;
    }

    private void stop(Thread work) {
        ask();
        if (done.getCount() == 0) {
            return;
        }
        work.interrupt();
        try {
            boolean _ = done.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether the user wants it to stop. */
    @Override
    public boolean isCancelled() {
        return asked;
    }

    /** Tells the work to stop. */
    void ask() {
        asked = true;
    }

    /** Says that there is nothing left to clean up. */
    void workIsDone() {
        done.countDown();
    }
}
