package dev.aquarelle.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.ops.Cancellation;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps run one at a time, each task once; what goes wrong in a task is known to the caller; nobody waits for ever. */
@Timeout(30)
class WorkersTest {
    private final Workers workers = new Workers(3);

    @AfterEach
    void close() {
        workers.close();
    }

    @Test
    void everyTaskRunsOnce() {
        for (int tasks : new int[] {0, 1, 2, 3, 1000}) {
            runEveryTaskOnce(tasks);
        }
    }

    private void runEveryTaskOnce(int tasks) {
        AtomicIntegerArray runs = new AtomicIntegerArray(tasks + 1);
        workers.run(w -> w.parallel(tasks, (task, _) -> runs.incrementAndGet(task)), Cancellation.NEVER);
        for (int task = 0; task < tasks; task++) {
            assertThat(runs.get(task)).as("task %d of %d", task, tasks).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 57, 99})
    void exceptionsAndErrorsOfATaskReachTheCallerAsTheyAre(int failing) {
        for (Throwable thrown : new Throwable[] {new ArithmeticException("a"), new InternalError("b")}) {
            assertThatThrownBy(() -> workers.run(
                            w -> w.parallel(100, (task, _) -> {
                                if (task == failing) {
                                    throwUnchecked(thrown);
                                }
                            }),
                            Cancellation.NEVER))
                    .isSameAs(thrown);
            runEveryTaskOnce(100);
        }
    }

    private static void throwUnchecked(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) thrown;
    }

    @Test
    void twoProgramsTakeTurns() throws InterruptedException {
        AtomicInteger inside = new AtomicInteger();
        AtomicBoolean met = new AtomicBoolean();
        Step step = w -> {
            met.compareAndSet(false, inside.incrementAndGet() > 1);
            w.parallel(20, (_, _) -> Thread.onSpinWait());
            inside.decrementAndGet();
        };
        Thread[] programs = new Thread[2];
        for (int i = 0; i < programs.length; i++) {
            programs[i] = Thread.ofPlatform().start(() -> {
                for (int run = 0; run < 500; run++) {
                    workers.run(step, Cancellation.NEVER);
                }
            });
        }
        for (Thread program : programs) {
            program.join();
        }
        assertThat(met).isFalse();
    }

    @Test
    void waitingForAnotherProgramEndsWithTheTokenOrAnInterrupt() throws InterruptedException {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        Thread other = Thread.ofPlatform().start(() -> workers.run(_ -> block(started, end), Cancellation.NEVER));
        started.await();
        try {
            assertThatThrownBy(() -> workers.run(_ -> {}, () -> true)).isInstanceOf(CancellationException.class);
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> workers.run(_ -> {}, Cancellation.NEVER))
                    .isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).as("still interrupted").isTrue();
        } finally {
            end.countDown();
            other.join();
        }
    }

    @Test
    void whatStepsReadChangesBetweenThem() throws InterruptedException {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        Thread other = Thread.ofPlatform().start(() -> workers.run(_ -> block(started, end), Cancellation.NEVER));
        started.await();
        AtomicBoolean changed = new AtomicBoolean();
        Thread compiler = Thread.ofPlatform().start(() -> workers.betweenSteps(() -> changed.set(true)));
        assertThat(compiler.join(java.time.Duration.ofMillis(50))).isFalse();
        assertThat(changed).isFalse();
        end.countDown();
        other.join();
        compiler.join();
        assertThat(changed).isTrue();
    }

    private static void block(CountDownLatch started, CountDownLatch end) {
        started.countDown();
        try {
            end.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Asked by the calling thread and by the others alike. */
    @Test
    void aCancellationMayNotRunAnotherStep() {
        Cancellation nested = () -> {
            workers.run(_ -> {}, Cancellation.NEVER);
            return false;
        };
        assertThatThrownBy(() -> workers.run(w -> w.parallel(100, (_, _) -> {}), nested))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cancellation");
        assertThatThrownBy(() -> workers.run(_ -> workers.betweenSteps(() -> {}), Cancellation.NEVER))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cancellation");
    }

    @Test
    void closingWaitsForTheStepThatRuns() throws InterruptedException, ExecutionException {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        AtomicInteger done = new AtomicInteger();
        FutureTask<Integer> other = new FutureTask<>(() -> {
            workers.run(
                    w -> {
                        block(started, end);
                        w.parallel(100, (_, _) -> done.incrementAndGet());
                    },
                    Cancellation.NEVER);
            return done.get();
        });
        Thread.ofPlatform().start(other);
        started.await();
        Thread closer = Thread.ofPlatform().start(workers::close);
        assertThat(closer.join(java.time.Duration.ofMillis(20))).isFalse();
        end.countDown();
        assertThat(other.get()).isEqualTo(100);
        closer.join(TimeUnit.SECONDS.toMillis(10));
        assertThatThrownBy(() -> workers.run(_ -> {}, Cancellation.NEVER))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the backend is closed");
    }
}
