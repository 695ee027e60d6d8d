package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.checkpoint.ModelFolder;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.unet.Steering;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** All programs of an engine together never take more than its budget, and what fits it is made. */
class MemoryTest {
    private final CountingBackend backend = new CountingBackend("cpu");

    @AfterEach
    void nothingStaysOpen() {
        assertThat(backend.open).isZero();
        assertThat(backend.closed).isTrue();
    }

    private StableDiffusion engine(long budget) {
        return new StableDiffusion(
                ModelFolder.open(DemoModel.path()),
                backend,
                new EngineOptions("cpu", BackendOptions.DEFAULT, new MemoryBudget(budget)));
    }

    private static TextToImage owl(int width, int height) {
        return TextToImage.builder("an owl")
                .size(width, height)
                .steps(2)
                .seed(7)
                .build();
    }

    private static Image picture(StableDiffusion engine, TextToImage request) {
        return engine.generate(request).getFirst().image();
    }

    private static void prepare(DiffusionModel model, Shape latents) {
        CallPlan plan = new CallPlan(Shortcuts.NONE, 2, 1);
        model.programs().prepare(Denoiser.demands(latents, plan, 77, Steering.Kinds.NONE, null), Cancellation.NEVER);
    }

    /** What the programs take for pictures of 64 x 48, by themselves. */
    private record Needs(long textEncoder, long denoiser, long decoder) {
        static Needs measured() {
            CountingBackend measuring = new CountingBackend("cpu");
            try (measuring;
                    DiffusionModel model =
                            new DiffusionModel(new ModelFolder(DemoModel.path()), measuring, MemoryBudget.UNLIMITED)) {
                long textEncoder = measuring.bytes;
                Shape latents = model.latentShape(1, 48, 64);
                model.decode(Tensor.of(new float[6 * 8 * 4], 1, 6, 8, 4), () -> false, _ -> {});
                long decoder = measuring.bytes - textEncoder;
                prepare(model, latents);
                return new Needs(textEncoder, measuring.bytes - textEncoder - decoder, decoder);
            }
        }
    }

    @Test
    void programsThatFitOnlyOneAtATimeMakeThePictureAllTheSame() {
        Needs needs = Needs.measured();
        long budget = needs.textEncoder + Math.max(needs.denoiser, needs.decoder);
        Image expected;
        try (StableDiffusion unlimited = StableDiffusion.load(DemoModel.path())) {
            expected = picture(unlimited, owl(64, 48));
        }

        try (StableDiffusion engine = engine(budget)) {
            assertThat(picture(engine, owl(64, 48))).isEqualTo(expected);
            assertThat(picture(engine, owl(64, 48))).isEqualTo(expected);
            assertThat(backend.mostBytes).isLessThanOrEqualTo(budget);
        }
    }

    @Test
    void programsThatFitTogetherAreCompiledOnce() {
        Needs needs = Needs.measured();

        try (StableDiffusion engine = engine(needs.textEncoder + needs.denoiser + needs.decoder)) {
            picture(engine, owl(64, 48));
            picture(engine, owl(64, 48));
            assertThat(backend.compiled).isEqualTo(3);
        }
    }

    @Test
    void severalSizesOneAfterTheOtherStayWithinTheBudget() {
        long budget;
        CountingBackend largest = new CountingBackend("cpu");
        try (largest;
                DiffusionModel model =
                        new DiffusionModel(new ModelFolder(DemoModel.path()), largest, MemoryBudget.UNLIMITED)) {
            prepare(model, model.latentShape(1, 128, 128));
            budget = largest.mostBytes;
        }

        try (StableDiffusion engine = engine(budget)) {
            for (int side : List.of(128, 64, 128, 120, 128)) {
                picture(engine, owl(side, side));
                picture(engine, owl(side, 64));
            }
            assertThat(backend.mostBytes).isLessThanOrEqualTo(budget);
        }
    }

    @Test
    void aPreviewStaysWithinTheBudgetToo() {
        long budget;
        CountingBackend largest = new CountingBackend("cpu");
        try (largest;
                DiffusionModel model =
                        new DiffusionModel(new ModelFolder(DemoModel.path()), largest, MemoryBudget.UNLIMITED)) {
            prepare(model, model.latentShape(1, 128, 128));
            budget = largest.mostBytes;
        }

        try (StableDiffusion engine = engine(budget)) {
            List<Image> previews = new ArrayList<>();
            engine.generate(owl(128, 128), progress -> previews.addAll(progress.preview()));
            assertThat(previews).hasSize(2);
            assertThat(backend.mostBytes).isLessThanOrEqualTo(budget);
        }
    }

    @Test
    void aPreviewThatDoesNotFitIsLeftOut() {
        Needs needs = Needs.measured(); // of a picture smaller than the one that the preview is fitted to
        long budget = needs.textEncoder + Math.max(needs.denoiser, needs.decoder);

        try (StableDiffusion engine = engine(budget)) {
            Image expected = picture(engine, owl(64, 48));
            List<List<Image>> previews = new ArrayList<>();
            int compiled = backend.compiled;
            List<GeneratedImage> images = engine.generate(owl(64, 48), progress -> previews.add(progress.preview()));

            assertThat(previews).containsExactly(List.of(), List.of());
            assertThat(images.getFirst().image()).isEqualTo(expected);
            assertThat(backend.compiled - compiled).isLessThanOrEqualTo(2); // the preview's own not at all
            assertThat(backend.mostBytes).isLessThanOrEqualTo(budget);
        }
    }

    @Test
    void moreThanTheJavaHeapIsRefusedBeforeAnyStep() {
        long heap = Runtime.getRuntime().maxMemory();
        int batch = 64;
        int side = (int) Math.min(16384, Math.sqrt(heap / 3.0 / batch) / 8 * 8 + 8) / 8 * 8;
        TextToImage request = TextToImage.builder("an owl")
                .size(side, side)
                .batch(batch)
                .steps(1)
                .build();

        assertThatThrownBy(() -> MachineMemory.requireHeap(
                        SettledRequest.of(request, new ModelDefaults("demo", 64, 64, 1, 5, ""), false),
                        Shape.of(batch, side / 8, side / 8, 4),
                        0))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageStartingWith("what is held of 64 pictures in the Java heap takes");
        backend.close();
    }
}
