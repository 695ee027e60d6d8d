package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.TinyTaesd;
import dev.aquarelle.sd.checkpoint.ModelFolder;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.vae.AutoencoderTiny;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Previews by a tiny decoder, and what they give way to. */
class PreviewsTest {
    private static final int SIDE = 128;
    private static final int LARGE = 128; // feature maps that take more than the demo model's decoder

    @TempDir
    Path folder;

    private final CountingBackend backend = new CountingBackend("cpu");
    private final List<String> warnings = new ArrayList<>();
    private final Logger logger = Logger.getLogger(Previews.class.getName());
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            warnings.add(new SimpleFormatter().formatMessage(entry));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
    }

    @AfterEach
    void nothingStaysOpen() {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(true);
        assertThat(backend.open).isZero();
    }

    private Path taesd(int channels) throws IOException {
        Path file = folder.resolve("taesd_decoder.safetensors");
        TinyTaesd.write(file, 4, channels, 4);
        return file;
    }

    private StableDiffusion engine(MemoryBudget budget, Path taesd) {
        return new StableDiffusion(
                ModelFolder.open(DemoModel.path()),
                backend,
                new EngineOptions("cpu", BackendOptions.DEFAULT, budget).withPreviewDecoder(taesd));
    }

    private static TextToImage owl(int width, int height, int batch) {
        return TextToImage.builder("an owl")
                .size(width, height)
                .steps(2)
                .seed(7)
                .batch(batch)
                .build();
    }

    private static List<Image> pictures(List<GeneratedImage> images) {
        return images.stream().map(GeneratedImage::image).toList();
    }

    private static List<Image> withoutPreviews(TextToImage request) {
        try (StableDiffusion engine = StableDiffusion.load(DemoModel.path())) {
            return pictures(engine.generate(request));
        }
    }

    /** What {@link TinyTaesd} makes of a pixel's latents. */
    private static void assertIsDecoded(Image preview, Tensor latents) {
        assertThat(preview.width()).isEqualTo(8 * latents.shape().dim(2));
        assertThat(preview.height()).isEqualTo(8 * latents.shape().dim(1));
        for (int y = 0; y < preview.height(); y++) {
            for (int x = 0; x < preview.width(); x++) {
                for (int color = 0; color < 3; color++) {
                    long at = (y / 8 * latents.shape().dim(2) + x / 8) * 4L + color;
                    double bounded = 3 * Math.tanh(latents.getFloat(at) / 3);
                    assertThat(preview.pixel(x, y) >> 8 * (2 - color) & 0xFF)
                            .isCloseTo((int) Math.round(Math.clamp(bounded / 2, 0, 1) * 255), within(1));
                }
            }
        }
    }

    @Test
    void aTinyDecoderShowsEachPictureInFullSizeAndChangesNone() throws IOException {
        TextToImage owls = owl(64, 48, 2);
        try (StableDiffusion engine = engine(MemoryBudget.UNLIMITED, taesd(4))) {
            List<GeneratedImage> images = engine.generate(owls, progress -> {
                List<Image> previews = progress.preview();
                assertThat(previews).hasSize(2).isSameAs(progress.preview());
                for (int n = 0; n < 2; n++) {
                    assertIsDecoded(
                            previews.get(n), progress.predOriginalSample().slice(n, n + 1));
                }
            });

            assertThat(pictures(images)).isEqualTo(withoutPreviews(owls));
            assertThat(backend.compiled).isEqualTo(4); // text encoder, denoiser, decoder, the preview's
            engine.generate(owls, Progress::preview);
            assertThat(backend.compiled).isEqualTo(4);
            engine.generate(owl(64, 64, 1), Progress::preview);
            assertThat(backend.compiled).isEqualTo(7); // of another size, but the text encoder
            assertThat(backend.open).isEqualTo(4);
        }
        assertThat(warnings).isEmpty();
    }

    @Test
    void aFolderInTheLayoutOfDiffusersDoesToo() throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        try (Arena arena = Arena.ofConfined()) {
            Weights original = Weights.open(taesd(4), arena);
            for (String name : original.names()) { // without the layer that bounds the latents
                int dot = name.indexOf('.');
                String layer = "decoder.layers.%d".formatted(Integer.parseInt(name.substring(0, dot)) - 1);
                writer.add(layer + name.substring(dot), original.get(name));
            }
            Files.createDirectory(folder.resolve("taesd"));
            writer.write(folder.resolve("taesd/diffusion_pytorch_model.safetensors"));
        }
        Files.writeString(folder.resolve("taesd/config.json"), """
            {"_class_name": "AutoencoderTiny", "num_encoder_blocks": [0, 0, 0, 0], "num_decoder_blocks": [0, 0, 0, 0],
             "encoder_block_out_channels": [4, 4, 4, 4], "decoder_block_out_channels": [4, 4, 4, 4]}
            """);

        try (StableDiffusion engine = engine(MemoryBudget.UNLIMITED, folder.resolve("taesd"))) {
            engine.generate(
                    owl(64, 48, 1),
                    progress -> assertIsDecoded(progress.preview().getFirst(), progress.predOriginalSample()));
        }
    }

    /** What programs take for a picture of 128 x 128, by themselves. */
    private record Needs(long textEncoder, long denoiser, long decoder) {
        static Needs measured() {
            CountingBackend measuring = new CountingBackend("cpu");
            try (measuring;
                    StableDiffusion engine =
                            new StableDiffusion(ModelFolder.open(DemoModel.path()), measuring, EngineOptions.DEFAULT)) {
                MemoryNeed need = engine.plan(owl(SIDE, SIDE, 1));
                return new Needs(need.textEncoders(), need.denoiser(), need.decoder());
            }
        }

        long together() {
            return textEncoder + denoiser + decoder;
        }
    }

    private long need(Path taesd) {
        try (Arena arena = Arena.ofShared()) {
            int latents = SIDE / 8;
            return backend.plan(new VaeGraphs(AutoencoderTiny.load(taesd, arena), 0).decoder(latents, latents))
                    .total();
        }
    }

    @Test
    void whereTheTinyDecoderDoesNotFitPreviewsAreSmall() throws IOException {
        TextToImage owl = owl(SIDE, SIDE, 1);
        Path taesd = taesd(LARGE);
        Needs needs = Needs.measured();
        assertThat(need(taesd)).isGreaterThan(needs.decoder);

        try (StableDiffusion engine = engine(new MemoryBudget(needs.together()), taesd)) {
            List<Image> previews = new ArrayList<>();
            List<GeneratedImage> images = engine.generate(owl, progress -> previews.addAll(progress.preview()));

            assertThat(previews).hasSize(2).allMatch(preview -> preview.width() == SIDE / 8);
            assertThat(pictures(images)).isEqualTo(withoutPreviews(owl));
            assertThat(warnings)
                    .singleElement()
                    .asString()
                    .startsWith("the previews of this picture are small ones: the preview's decoder");
            assertThat(engine.plan(owl).preview()).isZero();
            assertThat(backend.mostBytes).isLessThanOrEqualTo(needs.together());
        }
    }

    @Test
    void aPreviewsDecoderTakesNoMemoryFromThePicture() throws IOException {
        TextToImage owl = owl(SIDE, SIDE, 1);
        Path taesd = taesd(4);
        Needs needs = Needs.measured();
        long budget = needs.textEncoder + Math.max(needs.denoiser + need(taesd), needs.decoder);
        assertThat(budget).isLessThan(needs.together());

        try (StableDiffusion engine = engine(new MemoryBudget(budget), taesd)) {
            for (int time = 0; time < 2; time++) {
                List<Image> previews = new ArrayList<>();
                List<GeneratedImage> images = engine.generate(owl, progress -> previews.addAll(progress.preview()));

                assertThat(previews).hasSize(2).allMatch(preview -> preview.width() == SIDE);
                assertThat(pictures(images)).isEqualTo(withoutPreviews(owl));
            }
            assertThat(warnings).isEmpty();
            MemoryNeed need = engine.plan(owl);
            assertThat(need.preview()).isEqualTo(need(taesd));
            assertThat(backend.mostBytes).isLessThanOrEqualTo(budget).isEqualTo(need.peak());
        }
    }

    @Test
    void whatPreviewsTakeIsSaidBefore() throws IOException {
        TextToImage owl = owl(SIDE, SIDE, 1);
        Path taesd = taesd(4);
        try (StableDiffusion engine = engine(MemoryBudget.UNLIMITED, taesd)) {
            MemoryNeed need = engine.plan(owl);
            engine.generate(owl, Progress::preview);
            assertThat(backend.mostBytes).isEqualTo(need.peak());
            assertThat(need.peak()).isEqualTo(Needs.measured().together() + need(taesd));
        }
    }

    @Test
    void aStopIsHeardWithinAPreviewOfBothKinds() throws IOException {
        for (Path taesd : new Path[] {taesd(4), null}) {
            CountingBackend counting = new CountingBackend("cpu");
            try (StableDiffusion engine = new StableDiffusion(
                    ModelFolder.open(DemoModel.path()),
                    counting,
                    new EngineOptions("cpu", BackendOptions.DEFAULT, MemoryBudget.UNLIMITED)
                            .withPreviewDecoder(taesd))) {
                AtomicBoolean stop = new AtomicBoolean();
                List<CancellationException> heard = new ArrayList<>();

                assertThatThrownBy(() -> engine.generate(
                                owl(64, 48, 1),
                                progress -> {
                                    stop.set(true);
                                    try {
                                        progress.preview();
                                    } catch (CancellationException e) {
                                        heard.add(e);
                                        throw e;
                                    }
                                },
                                stop::get))
                        .isInstanceOf(CancellationException.class);
                assertThat(heard).hasSize(1);
                assertThat(engine.generate(
                                owl(64, 48, 1),
                                progress -> assertThat(progress.preview()).hasSize(1)))
                        .hasSize(1);
            }
            assertThat(counting.open).isZero();
        }
    }

    private void assertRefused(Path taesd, Class<? extends Exception> type, String message) {
        CountingBackend counting = new CountingBackend("cpu");
        EngineOptions options = EngineOptions.DEFAULT.withPreviewDecoder(taesd);
        assertThatThrownBy(() -> new StableDiffusion(ModelFolder.open(DemoModel.path()), counting, options))
                .isInstanceOf(type)
                .hasMessage(message);
        assertThat(counting.open).isZero();
        counting.close();
    }

    @Test
    void refusesWhatIsNoDecoderOfTheModelsLatents() throws IOException {
        Path file = folder.resolve("any.safetensors");

        TinyTaesd.write(file, 16, 16, 4);
        assertRefused(
                file,
                ModelException.class,
                file
                        + ": expected a decoder of latents of 4 channels for 8 x 8 pixels, as the model has, found 16"
                        + " for 8 x 8");
        TinyTaesd.write(file, 4, 4, 3);
        assertRefused(
                file,
                ModelException.class,
                file
                        + ": expected a decoder of latents of 4 channels for 8 x 8 pixels, as the model has, found 4"
                        + " for 4 x 4");
        new SafetensorsWriter().add("x", Tensor.of(new float[1], 1)).write(file);
        assertRefused(file, ModelException.class, file + ": expected the layers of a tiny autoencoder, found none");
        new SafetensorsWriter()
                .add("0.weight", Tensor.of(new float[4 * 3 * 9], 4, 3, 3, 3))
                .add("0.bias", Tensor.of(new float[4], 4))
                .add("1.weight", Tensor.of(new float[4 * 4 * 9], 4, 4, 3, 3))
                .add("1.bias", Tensor.of(new float[4], 4))
                .write(file);
        assertRefused(file, ModelException.class, file + ": expected a decoder, found the encoder alone");
        Files.writeString(file, "no tensors");
        assertRefused(
                file,
                SafetensorsException.class,
                file + ": expected a header of at most 100000000 bytes, found a length of 8030883942550761326");
    }
}
