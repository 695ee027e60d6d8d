package dev.aquarelle.ops.cpu;

import dev.aquarelle.ops.Cancellation;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The threads of a backend. A step hands out numbered tasks, and the calling thread works along; which thread takes which task does not
 * matter, since no two tasks write the same number. Dispatch takes microseconds: threads spin for a moment after their last task and
 * then sleep.
 */
final class Workers implements AutoCloseable {

    /** The tasks of a step. */
    @FunctionalInterface
    interface Task {
        /**
         * Does one task.
         *
         * @param task 0 to the number of tasks - 1
         * @param worker the thread it runs on, 0 to {@link #threads} - 1: the place of its scratch memory
         */
        void run(int task, int worker);
    }

    /** About 60 microseconds: longer than the gap between two steps, short enough to burn nothing when idle. */
    private static final int SPINS = 2000;

    /** How long a program that waits for another one's step goes without asking whether it should stop. */
    private static final long WAIT_MILLIS = 10;

    private final Helper[] helpers;

    /** Fair: the program that runs asks for it again at once, and others, or one that is compiled, would wait for the end of its run. */
    private final ReentrantLock turn = new ReentrantLock(true);

    /** The dispatch in its upper half, the tasks not yet taken in its lower half: taking one is a compare-and-set. */
    private final AtomicLong open = new AtomicLong();

    private final AtomicInteger unfinished = new AtomicInteger();
    private volatile @Nullable Task body;
    private volatile @Nullable Thread caller;
    private volatile @Nullable Throwable failure;
    private volatile Cancellation cancellation = Cancellation.NEVER;
    private volatile boolean closed;

    /** Starts {@code threads - 1} threads: the calling one is the remaining worker. */
    Workers(int threads) {
        helpers = new Helper[threads - 1];
        for (int i = 0; i < helpers.length; i++) {
            helpers[i] = new Helper(i + 1);
            helpers[i].start();
        }
    }

    /** How many threads work, the calling one counted. */
    int threads() {
        return helpers.length + 1;
    }

    /**
     * Runs one step while no other program does.
     *
     * @throws CancellationException if cancelled or interrupted before or during the step; its result is incomplete then
     * @throws IllegalStateException if called from within a step, as by its cancellation
     */
    void run(Step step, Cancellation token) {
        requireNoStepOfThisThread();
        takeTurn(token);
        try {
            if (closed) {
                throw new IllegalStateException("the backend is closed");
            }
            cancellation = token;
            caller = Thread.currentThread();
            token.check();
            step.run(this);
        } finally {
            caller = null;
            cancellation = Cancellation.NEVER;
            turn.unlock();
        }
    }

    private void takeTurn(Cancellation token) {
        try {
            while (!turn.tryLock(WAIT_MILLIS, TimeUnit.MILLISECONDS)) {
                token.check();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the run was interrupted");
        }
    }

    /** Changes what steps read, while none runs: waits for one that does. */
    void betweenSteps(Runnable change) {
        requireNoStepOfThisThread();
        turn.lock();
        try {
            change.run();
        } finally {
            turn.unlock();
        }
    }

    /** What asks a step whether to stop is called by all threads of the step: waiting there for the step's end would last forever. */
    private void requireNoStepOfThisThread() {
        boolean helps = Thread.currentThread() instanceof Helper helper && helper.isOf(this);
        if (helps || turn.isHeldByCurrentThread()) {
            throw new IllegalStateException(
                    "a cancellation ran or compiled a program of the backend whose step it was asked about");
        }
    }

    /** Runs {@code body} for the tasks 0 to {@code tasks - 1}, in any order, on all threads; returns when all are done. */
    void parallel(int tasks, Task work) {
        if (tasks <= 0) {
            return;
        }
        body = work;
        unfinished.set(tasks);
        open.set(((open.get() >>> 32) + 1) << 32 | tasks);
        if (tasks > 1) {
            for (Helper helper : helpers) {
                helper.wake();
            }
        }
        takeTasks(0);
        for (int spins = 0; unfinished.get() > 0; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(this, 50_000); // after an interrupt it returns at once, and the tasks end soon
            }
        }
        body = null;
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            switch (thrown) {
                case Error e -> throw e;
                case RuntimeException e -> throw e;
                default -> throw new IllegalStateException("a worker failed", thrown);
            }
        }
        cancellation.check(); // by the thread that called the step
    }

    private boolean isCancelled() {
        Thread thread = caller;
        return cancellation.isCancelled() || thread != null && thread.isInterrupted();
    }

    /** Takes open tasks until there are none. */
    private void takeTasks(int worker) {
        while (true) {
            long seen = open.get();
            int left = (int) seen;
            if (left == 0) {
                return;
            }
            Task work = body; // set before the tasks were opened, and not changed until all of them are finished
            if (work != null && open.compareAndSet(seen, seen - 1)) {
                finish(work, left - 1, worker);
            }
        }
    }

    private void finish(Task work, int task, int worker) {
        try {
            if (failure == null && !isCancelled()) {
                work.run(task, worker);
            }
        } catch (RuntimeException | Error e) {
            failure = e; // thrown again in the calling thread
        } finally {
            unfinished.decrementAndGet();
        }
    }

    /** Ends the threads once they are idle. */
    @Override
    public void close() {
        turn.lock();
        try {
            closed = true;
            for (Helper helper : helpers) {
                LockSupport.unpark(helper);
            }
        } finally {
            turn.unlock();
        }
    }

    private final class Helper extends Thread {
        private final int worker;
        private volatile boolean asleep;

        Helper(int worker) {
            super("aquarelle-cpu-" + worker);
            this.worker = worker;
            setDaemon(true);
        }

        boolean isOf(Workers workers) {
            return Workers.this == workers;
        }

        void wake() {
            if (asleep) {
                asleep = false;
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            int spins = 0;
            while (!closed) {
                if ((int) open.get() != 0) {
                    takeTasks(worker);
                    spins = 0;
                } else if (++spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    asleep = true; // said before the last look, so that a dispatch in between wakes this thread
                    if ((int) open.get() == 0 && !closed) {
                        LockSupport.park(Workers.this);
                    }
                    asleep = false;
                    spins = 0;
                }
            }
        }
    }
}
