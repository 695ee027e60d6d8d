package dev.aquarelle.sd.pipeline;

import dev.aquarelle.ops.Cancellation;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One thread at a time, in the order in which they asked. Who asks a fair lock again and again, to look at a token in between, is behind
 * those who came later each time; here a place in the queue is kept.
 */
final class Turn {
    private static final long LOOK_MILLIS = 50; // between two looks at the token of one who waits

    private final Deque<Place> queue = new ArrayDeque<>();
    private @Nullable Thread holder;

    /** A thread that waits until it is called. */
    private record Place(Thread thread, CountDownLatch called) {}

    /**
     * Waits until it is the thread's turn, which it must {@link #end}.
     *
     * @throws CancellationException if the token was cancelled or the thread interrupted before
     */
    void await(Cancellation cancellation) {
        Place place = enter();
        boolean called = false;
        try {
            while (!place.called.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                if (cancellation.isCancelled()) {
                    throw new CancellationException("stopped while another request was served");
                }
            }
            called = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (CancellationException)
                    new CancellationException("interrupted while another request was served").initCause(e);
        } finally {
            if (!called) {
                leave(place);
            }
        }
    }

    /** Waits until it is the thread's turn, whatever happens. */
    void awaitUninterruptibly() {
        Place place = enter();
        boolean interrupted = false;
        while (true) {
            try {
                place.called.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized Place enter() {
        Place place = new Place(Thread.currentThread(), new CountDownLatch(1));
        queue.addLast(place);
        if (holder == null) {
            callNext();
        }
        return place;
    }

    /** Gives up a place, or the turn if the thread has just been called. */
    private synchronized void leave(Place place) {
        if (!queue.remove(place)) {
            end();
        }
    }

    /** Lets the next one have its turn. */
    synchronized void end() {
        holder = null;
        callNext();
    }

    private void callNext() {
        Place next = queue.pollFirst();
        if (next != null) {
            holder = next.thread;
            next.called.countDown();
        }
    }

    /** Whether it is the turn of the thread that asks. */
    synchronized boolean isMine() {
        return holder == Thread.currentThread();
    }

    /** How many wait. */
    synchronized int waiting() {
        return queue.size();
    }
}
