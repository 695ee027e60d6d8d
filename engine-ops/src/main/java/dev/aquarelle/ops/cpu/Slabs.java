package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Memory for programs. The JVM fills it with zeros in one go, which takes the longer the larger it is, and much longer where the system has to
 * clear the way for it first; nothing interrupts that. So another thread does it, and who asked for the memory may leave before it is there.
 * Memory that nobody waits for any more is freed as soon as it is there, before any other is made.
 */
final class Slabs {
    /** Bytes that are made at once, in a few milliseconds. */
    private static final long SMALL = 16 << 20;

    private static final Duration LOOK = Duration.ofMillis(2);

    private final LongFunction<Slab> maker;
    private final Lock turn = new ReentrantLock(true);

    /** Memory of a program's own. */
    record Slab(Arena arena, MemorySegment m) implements AutoCloseable {
        @SuppressWarnings("MustBeClosedChecker") // the slab closes it
        static Slab of(long bytes) {
            Arena arena = Arena.ofShared();
            try {
                return new Slab(arena, arena.allocate(bytes, Tensor.ALIGNMENT));
            } catch (OutOfMemoryError e) { // of this one block, which has not been made: nothing else lacks memory
                arena.close();
                throw new MemoryBudgetException("the program", bytes, e);
            }
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    Slabs() {
        this(Slab::of);
    }

    /**
     * @param maker of a slab of so many bytes
     */
    Slabs(LongFunction<Slab> maker) {
        this.maker = maker;
    }

    /**
     * Zeros.
     *
     * @throws MemoryBudgetException if there is no such memory
     * @throws CancellationException if stopped
     */
    Slab allocate(long bytes, Cancellation cancellation) {
        if (bytes <= SMALL) {
            return maker.apply(bytes);
        }
        Making making = new Making(bytes);
        Thread thread = Thread.ofPlatform().daemon().name("aquarelle-memory").start(making);
        try {
            do {
                cancellation.check();
            } while (!thread.join(LOOK));
            return making.taken();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (CancellationException) new CancellationException("the run was interrupted").initCause(e);
        } finally {
            making.leave();
        }
    }

    /** One slab on its way. */
    private final class Making implements Runnable {
        private final long bytes;
        private @Nullable Slab slab;
        private @Nullable Throwable failure;
        private boolean left;

        Making(long bytes) {
            this.bytes = bytes;
        }

        @Override
        public void run() {
            turn.lock();
            try {
                if (!isLeft()) {
                    give(maker.apply(bytes));
                }
            } catch (RuntimeException | Error e) {
                failure = e; // thrown again where the memory is waited for
            } finally {
                turn.unlock();
            }
        }

        private synchronized boolean isLeft() {
            return left;
        }

        private synchronized void give(Slab made) {
            if (left) {
                made.close();
            } else {
                slab = made;
            }
        }

        /** What was made, once; after the thread's end. */
        synchronized Slab taken() {
            switch (failure) {
                case null -> {}
                case Error e -> throw e;
                case RuntimeException e -> throw e;
                default -> throw new IllegalStateException("the memory was not made", failure);
            }
            Slab made = Objects.requireNonNull(slab);
            slab = null;
            return made;
        }

        /** Nobody takes it from now on. */
        synchronized void leave() {
            left = true;
            if (slab != null) {
                slab.close();
            }
        }
    }
}
