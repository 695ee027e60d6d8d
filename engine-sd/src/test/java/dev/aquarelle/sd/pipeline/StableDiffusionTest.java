package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.schedulers.SchedulerException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The pipeline on the demo model, a few steps at a time. */
class StableDiffusionTest {
    private static StableDiffusion engine;

    @BeforeAll
    static void load() {
        engine = StableDiffusion.load(DemoModel.path());
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static TextToImage.Builder owl() {
        return TextToImage.builder("an owl").size(64, 48).steps(3).seed(7);
    }

    @Test
    void aPictureIsTheSameAloneAndInABatch() {
        List<GeneratedImage> together = engine.generate(owl().batch(3).build());

        assertThat(together).extracting(GeneratedImage::seed).containsExactly(7L, 8L, 9L);
        for (GeneratedImage picture : together) {
            Image alone = engine.generate(owl().seed(picture.seed()).build())
                    .getFirst()
                    .image();
            assertThat(picture.image()).isEqualTo(alone);
        }
    }

    @Test
    void samplersThatDrawNoiseAreTheSameAloneAndInABatch() {
        Image second = engine.generate(owl().sampler("euler_a").batch(2).build())
                .get(1)
                .image();

        assertThat(engine.generate(owl().sampler("euler_a").seed(8).build())
                        .getFirst()
                        .image())
                .isEqualTo(second);
    }

    @Test
    void threadsChangeNothing() {
        Image expected = engine.generate(owl().build()).getFirst().image();
        EngineOptions options = new EngineOptions("cpu", new BackendOptions(3), MemoryBudget.UNLIMITED);
        try (StableDiffusion other = StableDiffusion.load(DemoModel.path(), options)) {
            assertThat(other.generate(owl().build()).getFirst().image()).isEqualTo(expected);
        }
    }

    @Test
    void oneEngineServesSeveralThreads() throws Exception {
        Image expected = engine.generate(owl().build()).getFirst().image();
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<List<GeneratedImage>>> futures = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                TextToImage request =
                        i % 2 == 0 ? owl().build() : owl().size(40, 40).build();
                futures.add(threads.submit(() -> engine.generate(request)));
            }
            for (int i = 0; i < 6; i += 2) {
                assertThat(futures.get(i).get().getFirst().image()).isEqualTo(expected);
            }
            assertThat(futures.get(1).get().getFirst().image())
                    .isEqualTo(futures.get(5).get().getFirst().image());
        }
    }

    @Test
    void theListenerSeesEachStepWithLatentsAndAPreview() {
        List<Integer> steps = new ArrayList<>();
        engine.generate(owl().batch(2).build(), progress -> {
            steps.add(progress.step());
            assertThat(progress.steps()).isEqualTo(3);
            assertThat(progress.latents().shape().dims()).containsExactly(2, 6, 8, 4);
            assertThat(progress.preview()).hasSize(2).allSatisfy(preview -> {
                assertThat(preview.width()).isEqualTo(8);
                assertThat(preview.height()).isEqualTo(6);
            });
        });
        assertThat(steps).containsExactly(1, 2, 3);
    }

    @Test
    void aTokenStopsTheWorkAndTheEngineGoesOn() {
        AtomicBoolean stop = new AtomicBoolean();
        assertThatThrownBy(() -> engine.generate(owl().steps(500).build(), _ -> stop.set(true), stop::get))
                .isInstanceOf(CancellationException.class);

        assertThat(engine.generate(owl().build())).hasSize(1);
    }

    @Test
    void anInterruptStopsTheWorkAndTheEngineGoesOn() {
        try {
            assertThatThrownBy(() -> engine.generate(
                            owl().steps(500).build(),
                            _ -> Thread.currentThread().interrupt()))
                    .isInstanceOf(CancellationException.class);
        } finally {
            Thread.interrupted(); // however it ended, the next test starts afresh
        }
        assertThat(engine.generate(owl().build())).hasSize(1);
    }

    @Test
    void withoutGuidanceTheNegativePromptHasNoSay() {
        Image plain = engine.generate(owl().guidanceScale(1).build()).getFirst().image();

        assertThat(engine.generate(owl().guidanceScale(1).negativePrompt("blue").build())
                        .getFirst()
                        .image())
                .isEqualTo(plain);
        assertThat(engine.generate(owl().guidanceScale(5).negativePrompt("blue").build())
                        .getFirst()
                        .image())
                .isNotEqualTo(plain);
    }

    @Test
    void parametersSayHowToMakeThePictureAgain() {
        GeneratedImage picture = engine.generate(
                        owl().sampler("euler").negativePrompt("blue").build())
                .getFirst();

        assertThat(picture.parameters().toText())
                .startsWith(
                        "an owl\nNegative prompt: blue\nSteps: 3, Sampler: Euler, CFG scale: 5, Seed: 7, Size: 64x48,"
                                + " Model: aquarelle-demo");
    }

    @Test
    void sizesThatAreNoMultipleOfEightAreRefused() {
        assertThatThrownBy(() -> owl().size(65, 64).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("width: expected a multiple of 8, found 65");
    }

    @Test
    @SuppressWarnings("NullAway") // what a caller does that does not check for null
    void aPromptThatIsNullIsRefusedWhereItIsSaid() {
        assertThatThrownBy(() -> TextToImage.of(null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("prompt: expected a text, found null");
    }

    @Test
    void whatTheTextEncoderCannotTakeIsRefusedBeforeAnythingIsAllocated() {
        assertThatThrownBy(() ->
                        engine.generate(owl().size(16384, 16384).clipSkip(99).build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("clipSkip: expected 0 to ");
    }

    @Test
    void anUnknownSamplerIsRefusedWithTheList() {
        assertThatThrownBy(() -> engine.generate(owl().sampler("magic").build()))
                .isInstanceOf(SchedulerException.class)
                .hasMessageContaining("magic")
                .hasMessageContaining("euler_a");
    }

    @Test
    void anAbsurdlyLongPromptIsRefused() {
        TextToImage request = TextToImage.of("x".repeat(2_000_000));

        assertThatThrownBy(() -> engine.generate(request))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2000000");
    }

    @Test
    void anEmptyPromptIsAPrompt() {
        assertThat(engine.generate(
                        TextToImage.builder("").size(64, 48).steps(1).seed(1).build()))
                .hasSize(1);
    }

    @Test
    void moreMemoryThanTheMachineHasIsRefusedToo() {
        TextToImage huge = owl().size(16384, 16384).build();

        assertThatThrownBy(() -> engine.generate(huge)).isInstanceOf(MemoryBudgetException.class);
    }

    @Test
    void tooLittleMemoryIsRefusedBeforeAnyStep() {
        EngineOptions options = new EngineOptions("cpu", BackendOptions.DEFAULT, new MemoryBudget(8 << 20));
        try (StableDiffusion small = StableDiffusion.load(DemoModel.path(), options)) {
            List<Progress> seen = new ArrayList<>();
            TextToImage large = owl().size(1024, 1024).build();

            assertThatThrownBy(() -> small.generate(large, seen::add))
                    .isInstanceOf(MemoryBudgetException.class)
                    .hasMessageContaining("8.0 MiB");
            assertThat(seen).isEmpty();
        }
    }

    @Test
    void aClosedEngineRefuses() {
        StableDiffusion closed = StableDiffusion.load(DemoModel.path());
        closed.close();
        closed.close();

        assertThatThrownBy(() -> closed.generate(owl().build())).isInstanceOf(IllegalStateException.class);
    }
}
