package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.image.Image;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** One request at a time: what a listener may not do, and how a request that waits is stopped. */
class TurnTest {
    private static final TextToImage OWL =
            TextToImage.builder("an owl").size(64, 48).steps(2).seed(7).build();

    private static StableDiffusion engine;

    @BeforeAll
    static void load() {
        engine = StableDiffusion.load(DemoModel.path());
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    @Test
    void aListenerCannotCloseTheEngine() {
        assertThatThrownBy(() -> engine.generate(OWL, _ -> engine.close()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a listener cannot close the engine while its own picture is made");
        assertThat(engine.generate(OWL)).hasSize(1);
    }

    @Test
    void aListenerCannotAskForAnotherPicture() {
        TextToImage other = TextToImage.builder("a fox").size(40, 40).steps(1).build();

        assertThatThrownBy(() -> engine.generate(OWL, _ -> engine.generate(other)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a listener cannot ask for another picture while its own picture is made");
        assertThat(engine.generate(OWL)).hasSize(1);
    }

    @Test
    void aPreviewIsForTheListenerAlone() {
        List<Progress> kept = new ArrayList<>();
        engine.generate(OWL, progress -> {
            kept.add(progress);
            assertThatThrownBy(() -> onAnotherThread(progress::preview))
                    .hasCauseInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("found one on another thread");
            assertThat(progress.preview()).hasSize(1);
        });

        assertThatThrownBy(kept.getFirst()::preview)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "preview: expected a call by the listener while it is told of step 1, found one afterwards");
        assertThat(kept.getFirst().latents().shape().dims()).containsExactly(1, 6, 8, 4);
    }

    private static List<Image> onAnotherThread(Callable<List<Image>> call) throws Exception {
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            return thread.submit(call).get();
        }
    }

    @Test
    void aRequestIsStoppedWhileItWaits() throws Exception {
        CountDownLatch working = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newFixedThreadPool(2);
                AutoCloseable _ = goOn::countDown) { // closed first: however it ends, nobody waits for ever
            Future<List<GeneratedImage>> first = threads.submit(() -> engine.generate(OWL, _ -> {
                working.countDown();
                await(goOn);
            }));
            working.await();
            Future<List<GeneratedImage>> second =
                    threads.submit(() -> engine.generate(OWL, ProgressListener.NONE, () -> true));

            assertThatThrownBy(() -> second.get(60, TimeUnit.SECONDS)) // the first one is not done
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(CancellationException.class)
                    .hasMessageContaining("stopped while another request was served");
            goOn.countDown();
            assertThat(first.get()).hasSize(1);
        }
    }

    @Test
    void thoseWhoWaitAreServedInTheOrderOfAsking() throws Exception {
        Turn turn = new Turn();
        List<Integer> served = Collections.synchronizedList(new ArrayList<>());
        turn.await(Cancellation.NEVER);
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            for (int i = 0; i < 5; i++) {
                int number = i;
                threads.execute(() -> {
                    turn.await(Cancellation.NEVER);
                    served.add(number);
                    turn.end();
                });
                while (turn.waiting() <= i) {
                    Thread.onSpinWait();
                }
                Thread.sleep(25); // two of these, and whoever has been waiting has looked at its token and waits on
            }
            assertThat(turn.isMine()).isTrue();
            turn.end();
        }

        assertThat(served).containsExactly(0, 1, 2, 3, 4);
        assertThat(turn.isMine()).isFalse();
    }

    @Test
    void whoeverGivesUpHoldsNobodyUp() throws Exception {
        Turn turn = new Turn();
        turn.await(Cancellation.NEVER);
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            Future<?> stopped = threads.submit(() -> turn.await(() -> true));
            Future<?> interrupted = threads.submit(() -> {
                Thread.currentThread().interrupt();
                turn.await(Cancellation.NEVER);
            });
            assertThatThrownBy(stopped::get).hasCauseInstanceOf(CancellationException.class);
            assertThatThrownBy(interrupted::get).hasCauseInstanceOf(CancellationException.class);
            Future<?> closing = threads.submit(() -> {
                Thread.currentThread().interrupt();
                turn.awaitUninterruptibly();
                turn.end();
                assertThat(Thread.interrupted()).isTrue();
            });
            while (turn.waiting() == 0) {
                Thread.onSpinWait();
            }
            turn.end();
            closing.get(60, TimeUnit.SECONDS);
        }

        turn.await(Cancellation.NEVER);
        assertThat(turn.isMine()).isTrue();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
