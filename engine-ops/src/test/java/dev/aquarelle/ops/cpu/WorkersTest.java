package dev.aquarelle.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.testing.RandomTensors;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads at work: nothing lost, nothing left hanging, nobody in another's way. */
@Timeout(60)
class WorkersTest {

    @Test
    void everyTaskIsDoneOnce() {
        try (Workers workers = new Workers(3)) {
            AtomicInteger[] done = new AtomicInteger[1000];
            for (int i = 0; i < done.length; i++) {
                done[i] = new AtomicInteger();
            }

            workers.run(w -> w.parallel(done.length, (task, _) -> done[task].incrementAndGet()), Cancellation.NEVER);

            assertThat(done).allMatch(count -> count.get() == 1);
        }
    }

    @Test
    void aFailureOfOneTaskReachesTheCallerAndTheNextStepRuns() {
        try (Workers workers = new Workers(3)) {
            assertThatThrownBy(() -> workers.run(
                            w -> w.parallel(100, (task, _) -> {
                                if (task == 50) {
                                    throw new IllegalStateException("task 50");
                                }
                            }),
                            Cancellation.NEVER))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("task 50");
            assertThatThrownBy(() -> workers.run(
                            w -> w.parallel(4, (_, _) -> {
                                throw new InternalError("a page is gone");
                            }),
                            Cancellation.NEVER))
                    .isInstanceOf(InternalError.class);

            AtomicInteger sum = new AtomicInteger();
            workers.run(w -> w.parallel(10, (task, _) -> sum.addAndGet(task)), Cancellation.NEVER);
            assertThat(sum).hasValue(45);
        }
    }

    @Test
    void whoeverWaitsForItsTurnCanBeCancelledAndInterrupted() throws InterruptedException {
        try (Workers workers = new Workers(1)) {
            CountDownLatch running = new CountDownLatch(1);
            CountDownLatch release = new CountDownLatch(1);
            Thread busy = Thread.ofVirtual()
                    .start(() -> workers.run(
                            w -> {
                                running.countDown();
                                awaitQuietly(release);
                            },
                            Cancellation.NEVER));
            running.await();

            assertThatThrownBy(() -> workers.run(_ -> {}, () -> true)).isInstanceOf(CancellationException.class);
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> workers.run(_ -> {}, Cancellation.NEVER))
                    .isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).isTrue();

            release.countDown();
            busy.join();
        }
    }

    @Test
    void compilingBesideARunChangesNothingOfIt() throws InterruptedException {
        try (CpuBackend backend = new CpuBackend(new BackendOptions(2))) {
            Tensor x = RandomTensors.random(1, 1, 600, 16);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            try (Program program = backend.compile(attention(600, 16))) {
                float[] expected = program.run(x).toFloatArray();
                Thread compiling = Thread.ofPlatform().start(() -> {
                    try {
                        for (int width = 32; width <= 4096; width += 32) { // each one wants larger buffers
                            backend.compile(attention(8, width)).close();
                        }
                    } catch (RuntimeException | Error e) {
                        failure.set(e);
                    }
                });
                while (compiling.isAlive()) {
                    Tensor other = RandomTensors.random(2, 1, 600, 16); // or the second run would compute nothing
                    program.run(other);
                    assertThat(program.run(x).toFloatArray()).isEqualTo(expected);
                }
                compiling.join();
            }
            assertThat(failure.get()).isNull();
        }
    }

    @Test
    void whatIsTooLargeForTheBudgetIsRefusedHoweverLarge() {
        try (CpuBackend backend = new CpuBackend(new BackendOptions(1))) {
            Graph graph = Graph.of(g ->
                    g.linear(g.input("x", 65536, 65536, 1), g.constant("w", Tensor.of(new float[1], 1, 1)), null));
            assertThatThrownBy(() -> backend.compile(graph, new MemoryBudget(1L << 30)))
                    .isInstanceOf(MemoryBudgetException.class);
        }
    }

    private static Graph attention(int tokens, int width) {
        return Graph.of(g -> {
            var x = g.input("x", 1, tokens, width);
            return g.attention(x, x, x, 1, false);
        });
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
