package dev.aquarelle.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.ops.Cancellation;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory that is waited for, and memory that nobody waits for any more. */
@Timeout(60)
class SlabsTest {
    private static final long LARGE = 32 << 20;

    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch go = new CountDownLatch(1);
    private final List<Slabs.Slab> made = new CopyOnWriteArrayList<>();

    /** Makes small memory instead, each only once it may. */
    private final Slabs slow = new Slabs(bytes -> {
        begun.countDown();
        await(go);
        assertThat(made)
                .as("memory nobody waits for")
                .noneMatch(slab -> slab.m().scope().isAlive());
        Slabs.Slab slab = Slabs.Slab.of(64);
        made.add(slab);
        return slab;
    });

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void smallAndLargeMemoryIsZero() {
        for (long bytes : new long[] {64, 16 << 20, LARGE}) {
            try (Slabs.Slab slab = new Slabs().allocate(bytes, Cancellation.NEVER)) {
                assertThat(slab.m().byteSize()).isEqualTo(bytes);
                assertThat(slab.m().get(ValueLayout.JAVA_LONG, bytes - 8)).isZero();
            }
        }
    }

    /** The memory comes when nobody waits any more; it is gone before the next one is made. */
    @Test
    void whoIsStoppedDoesNotWaitForTheMemory() {
        assertThatThrownBy(() -> slow.allocate(LARGE, () -> begun.getCount() == 0))
                .isInstanceOf(CancellationException.class);
        assertThat(made).isEmpty();
        go.countDown();
        try (Slabs.Slab slab = slow.allocate(LARGE, Cancellation.NEVER)) {
            assertThat(made).hasSize(2).last().isEqualTo(slab);
            assertThat(made.getFirst().m().scope().isAlive()).isFalse();
        }
    }

    @Test
    void whoIsInterruptedDoesNotWaitEither() throws InterruptedException {
        List<Throwable> thrown = new CopyOnWriteArrayList<>();
        Thread waiting = Thread.ofPlatform()
                .uncaughtExceptionHandler((_, e) -> thrown.add(e))
                .start(() -> slow.allocate(LARGE, Cancellation.NEVER));
        begun.await();
        waiting.interrupt();
        waiting.join();
        assertThat(thrown).singleElement().isInstanceOf(CancellationException.class);
        go.countDown();
        slow.allocate(LARGE, Cancellation.NEVER).close();
    }

    /** A token that turns while the memory is handed over loses none. */
    @Test
    void stoppedAtAnyMomentNothingStays() {
        go.countDown();
        for (int questions = 1; questions < 40; questions++) {
            AtomicInteger left = new AtomicInteger(questions);
            try {
                slow.allocate(LARGE, () -> left.decrementAndGet() <= 0).close();
            } catch (CancellationException e) {
                assertThat(left).hasValueLessThanOrEqualTo(0);
            }
        }
        slow.allocate(LARGE, Cancellation.NEVER).close();
        assertThat(made).noneMatch(slab -> slab.m().scope().isAlive());
    }

    @Test
    void memoryThatThereIsNotIsSaid() {
        assertThatThrownBy(() -> new Slabs().allocate(1L << 46, Cancellation.NEVER))
                .isInstanceOf(MemoryBudgetException.class);
    }
}
