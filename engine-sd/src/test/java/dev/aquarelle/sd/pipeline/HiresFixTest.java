package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Resampling;
import dev.aquarelle.sd.prompt.PromptStyle;
import dev.aquarelle.sd.upscale.TinyUpscaler;
import dev.aquarelle.sd.upscale.Upscaler;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Two passes, on the demo model. */
class HiresFixTest {
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
        return TextToImage.builder("an owl").size(48, 32).steps(3).seed(7).sampler("euler_a");
    }

    private static Image picture(PictureRequest request) {
        return engine.generate(request).getFirst().image();
    }

    static List<HiresUpscaler> upscalers() {
        return List.copyOf(HiresUpscaler.names().values());
    }

    @ParameterizedTest
    @MethodSource("upscalers")
    void aPictureOfABatchIsThatOfItsSeedAlone(HiresUpscaler upscaler) {
        Image second = engine.generate(HiresFix.by(owl().batch(2).build(), 1.5).with(upscaler))
                .get(1)
                .image();

        assertThat(second.width()).isEqualTo(72);
        assertThat(second.height()).isEqualTo(48);
        assertThat(picture(HiresFix.by(owl().seed(8).build(), 1.5).with(upscaler)))
                .isEqualTo(second);
    }

    /** Once as large, all latents stay what they are, so it is the first picture's latents made into themselves. */
    @Test
    void theSecondPassBeginsWithTheFirstOnesLatents() {
        Image gentle = picture(HiresFix.by(owl().sampler("ddim").steps(8).build(), 1)
                .withStrength(0.1)
                .withSteps(1));
        Image first = picture(owl().sampler("ddim").steps(8).build());
        Image strong = picture(HiresFix.by(owl().sampler("ddim").steps(8).build(), 1)
                .withStrength(0.9)
                .withSteps(8));

        assertThat(difference(gentle, first)).isPositive().isLessThan(difference(strong, first) / 2);
    }

    private static double difference(Image a, Image b) {
        byte[] left = a.toByteArray();
        byte[] right = b.toByteArray();
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += Math.abs((left[i] & 0xFF) - (right[i] & 0xFF));
        }
        return sum / left.length;
    }

    /** Sixteen pictures of 256 x 256 pixels are 3 MiB, and would be 12 MiB as floats. */
    @Test
    void largePicturesAreReadOneAtATime() {
        TextToImage many =
                owl().size(32, 32).batch(16).guidanceScale(1).steps(1).build();
        CountingBackend counting = new CountingBackend("cpu");
        List<Long> held = new ArrayList<>();
        try (StableDiffusion one =
                new StableDiffusion(ModelSource.open(DemoModel.path()), counting, EngineOptions.DEFAULT)) {
            long before = heap();
            counting.beforeRun = input -> {
                if (input.shape().equals(Shape.of(1, 256, 256, 3))) {
                    held.add(heap() - before);
                    throw new CancellationException("seen enough");
                }
            };
            assertThatThrownBy(
                            () -> one.generate(HiresFix.by(many, 8).with(new HiresUpscaler.Pixels(Resampling.LANCZOS))))
                    .isInstanceOf(CancellationException.class);
        }
        assertThat(held).hasSize(1).allMatch(bytes -> bytes < 10 << 20);
    }

    private static long heap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @Test
    void thePassesAreToldOfAsOne() {
        List<String> steps = new ArrayList<>();
        engine.generate(
                HiresFix.by(owl().build(), 2).withSteps(2),
                progress -> steps.add("%d/%d %s %d"
                        .formatted(
                                progress.step(),
                                progress.steps(),
                                progress.latents().shape(),
                                progress.preview().getFirst().width())));

        assertThat(steps)
                .containsExactly(
                        "1/5 [1, 4, 6, 4] 6",
                        "2/5 [1, 4, 6, 4] 6",
                        "3/5 [1, 4, 6, 4] 6",
                        "4/5 [1, 8, 12, 4] 12",
                        "5/5 [1, 8, 12, 4] 12");
    }

    /** Three steps, then four. */
    @Test
    void schedulesOfPromptsGoOnInTheSecondPass() {
        Image owlThenHouse = scheduled("[an owl:a red house:3]");

        assertThat(scheduled("[an owl:a red house:1.0]")).isEqualTo(owlThenHouse);
        assertThat(scheduled("[an owl:a red house:2.0]")).isEqualTo(scheduled("an owl"));
        assertThat(scheduled("[an owl:a red house:1.5]"))
                .isEqualTo(scheduled("[an owl:a red house:5]"))
                .isNotEqualTo(owlThenHouse)
                .isNotEqualTo(scheduled("an owl"));
        assertThat(owlThenHouse).isNotEqualTo(scheduled("a red house")).isNotEqualTo(scheduled("an owl"));
    }

    private static Image scheduled(String prompt) {
        TextToImage.Builder request = TextToImage.builder(prompt)
                .promptStyle(PromptStyle.WEB_UI)
                .size(48, 32)
                .steps(3)
                .seed(7)
                .sampler("euler_a");
        return picture(HiresFix.by(request.build(), 1.5).withSteps(4));
    }

    @Test
    void aSizeOfOtherProportionsIsCoveredAndCut() {
        for (HiresUpscaler upscaler : List.of(HiresUpscaler.usual(), new HiresUpscaler.Pixels(Resampling.LANCZOS))) {
            Image picture = picture(HiresFix.to(owl().build(), 64, 80).with(upscaler));

            assertThat(picture.width()).isEqualTo(64);
            assertThat(picture.height()).isEqualTo(80);
        }
    }

    @Test
    void aNetworkEnlargesAsOftenAsItTakes(@TempDir Path folder) throws IOException {
        Path file = TinyUpscaler.write(folder.resolve("doubling.safetensors"));
        HiresFix request = HiresFix.by(owl().build(), 3).with(new HiresUpscaler.Network(file));
        GeneratedImage made = engine.generate(request).getFirst();

        assertThat(made.image().width()).isEqualTo(144);
        assertThat(made.parameters().values()).containsEntry("Hires upscaler", "doubling");
        assertThat(engine.generate(
                                HiresFix.by(owl().batch(2).seed(6).build(), 3).with(request.upscaler()))
                        .get(1)
                        .image())
                .isEqualTo(made.image());
    }

    @Test
    void aNetworkThatIsNoneIsRefusedBeforeTheWork(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("none.safetensors");
        new SafetensorsWriter().write(file);

        assertThatThrownBy(() ->
                        engine.generate(HiresFix.by(owl().build(), 2).with(new HiresUpscaler.Network(file)), _ -> {
                            throw new AssertionError("a step was made");
                        }))
                .isInstanceOf(SafetensorsException.class);
        Files.delete(file);
    }

    @Test
    void theFileSaysItInTheWebInterfacesWords() {
        HiresFix request = HiresFix.by(owl().build(), 1.5)
                .with(new HiresUpscaler.Latent(LatentResize.BICUBIC_ANTIALIASED))
                .withStrength(0.6)
                .withSteps(2);
        GeneratedImage made = engine.generate(request).getFirst();

        assertThat(made.parameters().toText())
                .contains(
                        "Size: 48x32",
                        "Denoising strength: 0.6, Hires upscale: 1.5, Hires steps: 2, Hires upscaler: Latent (bicubic"
                                + " antialiased)");
    }

    @Test
    void theLargerPassIsRefusedBeforeTheFirstBegins() {
        CountingBackend counting = new CountingBackend("cpu");
        long enough;
        try (StableDiffusion unlimited =
                new StableDiffusion(ModelSource.open(DemoModel.path()), counting, EngineOptions.DEFAULT)) {
            unlimited.generate(owl().build());
            enough = counting.mostBytes;
        }
        EngineOptions limited = new EngineOptions("cpu", BackendOptions.DEFAULT, new MemoryBudget(enough));
        try (StableDiffusion small = StableDiffusion.load(DemoModel.path(), limited)) {
            assertThat(small.generate(owl().build())).hasSize(1);
            assertThatThrownBy(() -> small.generate(HiresFix.by(owl().build(), 4), _ -> {
                        throw new AssertionError("a step was made");
                    }))
                    .isInstanceOf(MemoryBudgetException.class);
            assertThat(small.generate(owl().build())).hasSize(1);
        }
    }

    @Test
    void theLargerPassIsPlannedBeItTheFirst(@TempDir Path folder) throws IOException {
        HiresUpscaler.Network network =
                new HiresUpscaler.Network(TinyUpscaler.write(folder.resolve("doubling.safetensors")));
        MemoryNeed large = engine.plan(owl().size(128, 96).build());
        MemoryNeed shrunk = engine.plan(HiresFix.to(owl().size(128, 96).build(), 32, 32));

        assertThat(shrunk.peak()).isEqualTo(large.peak());
        assertThat(shrunk.least()).isEqualTo(large.least());
        assertThat(engine.plan(HiresFix.by(owl().build(), 2).with(network)).encoder())
                .isPositive();
        Files.writeString(network.file(), "no network");
        assertThatThrownBy(() -> engine.plan(HiresFix.by(owl().build(), 2).with(network)))
                .isInstanceOf(SafetensorsException.class);
        assertThat(large.or(large.peak()).peak()).isEqualTo(large.textEncoders() + large.peak());
    }

    /** A network of two times that is to give four has to work on a picture of twice the size. */
    @Test
    void theNetworksLastRoundIsPlanned(@TempDir Path folder) throws IOException {
        Path file = TinyUpscaler.write(folder.resolve("doubling.safetensors"));
        TextToImage owl = owl().size(32, 24).build();
        HiresFix request = HiresFix.by(owl, 4).with(new HiresUpscaler.Network(file));
        HiresUpscaler.Pixels pixels = new HiresUpscaler.Pixels(Resampling.LANCZOS);
        long others = engine.plan(request.with(pixels)).least();
        long ofNetwork;
        try (Upscaler upscaler = Upscaler.load(file)) {
            ofNetwork = upscaler.memory(64, 48);
            assertThat(ofNetwork).isGreaterThan(upscaler.memory(32, 24));
        }
        long textEncoders = engine.plan(owl).textEncoders();

        assertThat(engine.plan(request).least()).isEqualTo(Math.max(others, textEncoders + ofNetwork));
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        TextToImage owl = owl().build();
        assertThatThrownBy(() -> HiresFix.by(owl, 0.5)).hasMessage("hires scale: expected 1 to 8, found 0.5");
        assertThatThrownBy(() -> HiresFix.by(owl, Double.NaN)).hasMessage("hires scale: expected 1 to 8, found NaN");
        assertThatThrownBy(() -> HiresFix.by(owl, 2).withStrength(0))
                .hasMessage("strength: expected a number above 0, at most 1, found 0.0");
        assertThatThrownBy(() -> HiresFix.by(owl, 2).withSteps(-1))
                .hasMessage("hires steps: expected 0 to 1000, found -1");
        assertThatThrownBy(() -> HiresFix.to(owl, 100, 64))
                .hasMessage("hires width: expected a multiple of 8, at most 16384, found 100");
        assertThatThrownBy(() ->
                        engine.generate(HiresFix.by(owl, 2).withStrength(0.001).withSteps(20)))
                .hasMessage("hires strength: expected at least 0.02 for 20 steps, which are that part of at most 1000,"
                        + " found 0.001");
    }
}
