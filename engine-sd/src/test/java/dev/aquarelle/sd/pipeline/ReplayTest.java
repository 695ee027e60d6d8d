package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.sd.checkpoint.FileHashes;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Resampling;
import dev.aquarelle.sd.prompt.PromptStyle;
import dev.aquarelle.sd.schedulers.Schedule;
import dev.aquarelle.sd.schedulers.ScheduleType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests written into parameters and read again, and pictures made of both. */
@TestInstance(Lifecycle.PER_CLASS)
class ReplayTest {
    private static final Image IMAGE = Image.of(64, 64, new byte[64 * 64 * 3]);
    private static final Image MASK = half();

    private StableDiffusion engine;

    private static Image half() {
        byte[] rgb = new byte[64 * 64 * 3];
        Arrays.fill(rgb, 0, rgb.length / 2, (byte) -1);
        return Image.of(64, 64, rgb);
    }

    private static final ReplayFiles FILES = new ReplayFiles() {
        @Override
        public Path file(String what, String name) {
            if (what.equals("refiner") && DemoModel.path().endsWith(name)) {
                return DemoModel.path();
            }
            throw new IllegalArgumentException("no %s %s".formatted(what, name));
        }

        @Override
        public Image picture(String what, String sha256) {
            for (Image image : List.of(IMAGE, MASK)) {
                if (image.sha256().startsWith(sha256)) {
                    return image;
                }
            }
            throw new IllegalArgumentException("no %s %s".formatted(what, sha256));
        }
    };

    @BeforeAll
    void open(@TempDir Path folder) {
        EngineOptions options = new EngineOptions("cpu", BackendOptions.DEFAULT, MemoryBudget.UNLIMITED);
        engine = StableDiffusion.load(DemoModel.path(), options.with(FileHashes.keptIn(folder.resolve("hashes.json"))));
    }

    @AfterAll
    void close() {
        engine.close();
    }

    private static TextToImage.Builder text() {
        return TextToImage.builder("an owl, \"grey\": (soft)\non a tree")
                .negativePrompt("fox: red, big")
                .size(64, 64)
                .steps(2)
                .guidanceScale(3.7)
                .seed(4_000_000_001L);
    }

    static List<PictureRequest> requests() {
        TextToImage plain = text().build();
        return List.of(
                plain,
                text().negativePrompt(null)
                        .sampler("euler_a")
                        .guidanceRescale(0.3)
                        .clipSkip(1)
                        .build(),
                text().negativePrompt("").sampler("DPM++ 2M Karras").build(),
                text().sdxl(SdxlOptions.DEFAULT
                                .withPrompts("a fox", "a: b")
                                .withSizes(new SdxlOptions.Size(32, 48), 1, 2, new SdxlOptions.Size(64, 32)))
                        .build(),
                text().promptStyle(PromptStyle.WEB_UI).build(),
                text().seed(-7).build(),
                text().promptStyle(PromptStyle.WEB_UI)
                        .negativePrompt("(red:1.2)" + ", blue".repeat(50))
                        .clipSkip(1)
                        .build(),
                new ImageToImage(plain, IMAGE, 0.6),
                new Inpaint(plain, IMAGE, MASK, 1),
                new Inpaint(plain, IMAGE, MASK, 1, new MaskUse(2.5, true, true)),
                new Inpaint(
                        text().size(48, 40).build(),
                        IMAGE,
                        MASK,
                        0.9,
                        new MaskUse(1, false, true)
                                .with(MaskedContent.LATENT_NOTHING)
                                .with(new InpaintArea.OnlyMasked(5))),
                new Inpaint(plain, IMAGE, MASK, 0.8, MaskUse.DEFAULT.with(MaskedContent.FILL)),
                new Outpaint(text().size(80, 72).build(), IMAGE, Outpaint.Margins.of(16, 0, 0, 8), 0.8, 4),
                HiresFix.by(plain, 1.5)
                        .with(new HiresUpscaler.Latent(LatentResize.BICUBIC_ANTIALIASED))
                        .withStrength(0.6)
                        .withSteps(1),
                HiresFix.to(plain, 72, 80).with(new HiresUpscaler.Pixels(Resampling.LANCZOS)),
                new Refined(plain, DemoModel.path(), 0.5),
                text().sampler("euler_a").schedule(ScheduleType.KL_OPTIMAL).build(),
                text().seeding(Seeding.DEFAULT.variation(3, 0.5).resizedFrom(96, 40))
                        .build(),
                HiresFix.by(text().seeding(Seeding.DEFAULT.resizedFrom(48, 72)).build(), 1.25)
                        .withSteps(1),
                TextToImage.builder("an owl # of (what\n[on: a tree # <lora:no>")
                        .negativePrompt("# nothing")
                        .size(64, 64)
                        .steps(2)
                        .promptStyle(PromptStyle.WEB_UI)
                        .build(),
                text().sampler("DPM++ 2M").schedule(ScheduleType.KARRAS).build(),
                text().schedule(ScheduleType.TRAILING).build(),
                text().sampler("euler")
                        .schedule(Schedule.Sigmas.of(14.6146, 3.5, 0.25, 0))
                        .steps(3)
                        .build(),
                new ImageToImage(
                        TextToImage.builder("an owl")
                                .seed(7)
                                .size(64, 64)
                                .sampler("DPM++ 2M")
                                .schedule(Schedule.Timesteps.of(999, 600, 250))
                                .build(),
                        IMAGE,
                        0.7),
                HiresFix.by(text().sampler("heun").schedule(ScheduleType.DDIM).build(), 1.25)
                        .withSteps(1),
                new Refined(
                        text().sampler("dpm2")
                                .schedule(ScheduleType.ALIGN_YOUR_STEPS)
                                .build(),
                        DemoModel.path(),
                        0.5),
                text().seeding(Seeding.DEFAULT.by(Seeding.Generator.PHILOX).variation(4_000_000_000L, 0.25))
                        .build());
    }

    private Replay replayed(GenerationParameters parameters) {
        return Replay.of(engine, GenerationParameters.parse(parameters.toText()), FILES);
    }

    /** The prompt names it and says how strong it is; only its hash is beside. */
    @Test
    void aLoraInThePromptIsFoundAgain(@TempDir Path folder) throws IOException {
        Path file = DemoAddOns.lora(folder);
        TextToImage request = TextToImage.builder("an owl <lora:lora:0.7:0.4>")
                .size(64, 64)
                .steps(2)
                .seed(3)
                .promptStyle(PromptStyle.WEB_UI)
                .addOns(AddOns.NONE.withLoraFolder(folder))
                .build();
        GeneratedImage then = engine.generate(request).getFirst();
        ReplayFiles files = new ReplayFiles() {
            @Override
            public Path file(String what, String name) {
                assertThat(name).isEqualTo("lora");
                return file;
            }

            @Override
            public Image picture(String what, String sha256) {
                return FILES.picture(what, sha256);
            }
        };
        GeneratedImage now = engine.generate(
                        Replay.of(engine, then.parameters(), files).request())
                .getFirst();

        assertThat(then.parameters().values()).containsKey("Lora hashes").doesNotContainKey("Lora 0");
        assertThat(now.image()).isEqualTo(then.image());
        assertThat(now.parameters()).isEqualTo(then.parameters());
    }

    @ParameterizedTest
    @MethodSource("requests")
    void aPictureIsMadeAgain(PictureRequest request) {
        GeneratedImage then = engine.generate(request).getFirst();

        Replay replay = replayed(then.parameters());
        GeneratedImage now = engine.generate(replay.request()).getFirst();

        assertThat(replay.ignored()).isEmpty();
        assertThat(replay.request()).hasSameClassAs(request);
        assertThat(now.image()).isEqualTo(then.image());
        assertThat(now.parameters()).isEqualTo(then.parameters());
    }

    @Test
    void theParametersAreKnownBefore() {
        PictureRequest request = text().build();

        GenerationParameters before = engine.parameters(request);

        assertThat(before).isEqualTo(engine.generate(request).getFirst().parameters());
        assertThat(before.values()).containsKeys("Model", "Model hash");
        assertThat(before.values().get("Model hash")).matches("[0-9a-f]{10}");
    }

    @Test
    void thePictureOfABatchIsMadeAgainAlone() {
        GeneratedImage third = engine.generate(text().batch(3).build()).getLast();

        assertThat(engine.generate(replayed(third.parameters()).request())
                        .getFirst()
                        .image())
                .isEqualTo(third.image());
    }

    @Test
    void aFileOfTheWebInterfaceIsRead() {
        GenerationParameters parameters = GenerationParameters.parse("""
            an owl
            Negative prompt: blurry
            Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234, Size: 512x768, \
            Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Clip skip: 2, ENSD: 31337, Version: v1.10.1\
            """);

        Replay replay = Replay.of(engine, parameters, FILES);

        assertThat(replay.request())
                .isEqualTo(TextToImage.builder("an owl")
                        .negativePrompt("blurry")
                        .steps(20)
                        .sampler("DPM++ 2M")
                        .schedule(ScheduleType.KARRAS)
                        .guidanceScale(7)
                        .seed(1234)
                        .size(512, 768)
                        .promptStyle(PromptStyle.WEB_UI)
                        .addOns(replay.request().text().addOns())
                        .clipSkip(1)
                        .seeding(Seeding.DEFAULT.by(Seeding.Generator.PHILOX))
                        .vaeTiling(VaeTiling.OFF)
                        .build());
        assertThat(replay.ignored()).containsExactly("ENSD");
    }

    private TextToImage read(String values) {
        GenerationParameters parameters =
                GenerationParameters.parse("an owl\nSteps: 20, CFG scale: 7, Seed: 1, " + values);
        return Replay.of(engine, parameters, FILES).request().text();
    }

    @Test
    void scheduleTypesOfTheWebInterfaceAreRead() {
        assertThat(read("Sampler: Euler a, Schedule type: SGM Uniform, Version: v1.10.1"))
                .returns("Euler a", TextToImage::sampler)
                .returns(ScheduleType.SGM_UNIFORM, TextToImage::schedule);
        assertThat(read("Sampler: DPM++ 2M, Schedule type: karras, Version: v1.7.0")
                        .schedule())
                .isEqualTo(ScheduleType.KARRAS);
        assertThat(read("Sampler: Euler a, Schedule type: Automatic, Version: v1.10.1")
                        .schedule())
                .isNull();
        // there these samplers go by timesteps, whatever is chosen beside them; here UniPC need not
        assertThat(read("Sampler: UniPC, Schedule type: Beta, Version: v1.10.1").schedule())
                .isNull();
        assertThat(read("Sampler: UniPC, Schedule type: Beta, Version: Aquarelle")
                        .schedule())
                .isEqualTo(ScheduleType.BETA);
        assertThatThrownBy(() -> read("Sampler: Euler, Schedule type: Karras Exponential, Version: v1.10.1"))
                .hasMessageStartingWith("parameters: unknown schedule Karras Exponential; known are uniform, karras");
        assertThatThrownBy(() -> read("Sampler: Euler, Sigmas: 14 3 x"))
                .hasMessage("parameters: Sigmas: expected numbers with blanks between them, found 14 3 x");
    }

    @Test
    void anotherShapeOfBetaIsNotUnderstood() {
        GenerationParameters parameters = GenerationParameters.parse("""
            an owl
            Steps: 20, Sampler: Euler, Schedule type: Beta, CFG scale: 7, Seed: 1, Beta schedule alpha: 0.6, \
            Beta schedule beta: 0.7, Version: v1.10.1\
            """);

        assertThat(Replay.of(engine, parameters, FILES).ignored()).containsExactly("Beta schedule beta");
    }

    /** It does not name the mask, and always puts the original's pixels back. */
    @Test
    void aPartPaintedByTheWebInterfaceIsRead() {
        ReplayFiles files = new ReplayFiles() {
            @Override
            public Path file(String what, String name) {
                return FILES.file(what, name);
            }

            @Override
            public Image picture(String what, String sha256) {
                assertThat(sha256).isEmpty();
                return what.equals("the mask") ? MASK : IMAGE;
            }
        };
        GenerationParameters parameters = GenerationParameters.parse("""
            an owl
            Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1234, Size: 512x512, Denoising strength: 0.75, \
            Mask mode: Inpaint not masked, Mask blur: 4, Inpaint area: Only masked, Masked area padding: 16, \
            Masked content: latent noise, Version: v1.10.1\
            """);

        Replay replay = Replay.of(engine, parameters, files);

        assertThat(replay.request())
                .isEqualTo(new Inpaint(
                        replay.request().text(),
                        IMAGE,
                        MASK,
                        0.75,
                        new MaskUse(4, true, true, MaskedContent.LATENT_NOISE, new InpaintArea.OnlyMasked(16))));
        assertThat(replay.ignored()).isEmpty();
        assertThat(((Inpaint) Replay.of(
                                        engine,
                                        GenerationParameters.parse(
                                                "an owl\nSteps: 20, Seed: 1, Denoising strength: 0.5, Mask blur: 3"),
                                        files)
                                .request())
                        .use())
                .isEqualTo(new MaskUse(3, false, true));
    }

    @Test
    void whatIsMissingOrBrokenIsNamed() {
        assertThatThrownBy(() -> MaskUse.takenFrom(new ParameterReader(Map.of("Masked content", "soup"))))
                .hasMessage("parameters: Masked content: expected original, fill, latent noise, latent nothing,"
                        + " found soup");
        assertThatThrownBy(() -> MaskUse.takenFrom(new ParameterReader(Map.of("Inpaint area", "here"))))
                .hasMessage("parameters: Inpaint area: expected Whole picture or Only masked, found here");
        assertThatThrownBy(() -> Replay.of(
                        engine,
                        GenerationParameters.parse(
                                "an owl\nSteps: 20, Seed: 1, Denoising strength: 0.5, Init image hash: 0123"),
                        FILES))
                .hasMessage("no the picture that it was made from 0123");
        assertThatThrownBy(() -> Replay.of(
                        engine, GenerationParameters.parse("an owl\nSteps: many, Seed: 1, CFG scale: 3"), FILES))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parameters: Steps: expected a whole number, found many");
    }
}
