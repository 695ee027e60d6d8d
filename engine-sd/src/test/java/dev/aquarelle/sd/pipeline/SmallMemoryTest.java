package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.sd.checkpoint.ModelFolder;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.lora.LoraWeight;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a request when the memory does not hold all of it at once, and that it is known before. */
class SmallMemoryTest {
    private CountingBackend backend = new CountingBackend("cpu");

    @AfterEach
    void nothingStaysOpen() {
        assertThat(backend.open).isZero();
        backend.close();
    }

    private static EngineOptions options(MemoryBudget limit) {
        return new EngineOptions("cpu", BackendOptions.DEFAULT, limit);
    }

    private StableDiffusion engine(long limit) {
        backend.close();
        backend = new CountingBackend("cpu");
        return new StableDiffusion(ModelFolder.open(DemoModel.path()), backend, options(new MemoryBudget(limit)));
    }

    private static TextToImage.Builder owl() {
        return TextToImage.builder("an owl").size(64, 48).steps(2).seed(7);
    }

    private static TextToImage.Builder largeOwl() {
        return owl().size(256, 200).steps(1);
    }

    private static MemoryNeed plan(PictureRequest request) {
        try (StableDiffusion unlimited = StableDiffusion.load(DemoModel.path())) {
            return unlimited.plan(request);
        }
    }

    private static List<Image> pictures(StableDiffusion engine, PictureRequest request) {
        return engine.generate(request).stream().map(GeneratedImage::image).toList();
    }

    private static List<Image> unlimited(PictureRequest request) {
        try (StableDiffusion engine = StableDiffusion.load(DemoModel.path())) {
            return pictures(engine, request);
        }
    }

    /** The denoiser of a batch takes more than the decoder, and fits only by single looks. */
    private void looksOneByOne(PictureRequest request) {
        List<Image> expected = unlimited(request);
        MemoryNeed need = plan(request);
        long limit = need.textEncoders() + need.denoiser() - 1;
        try (StableDiffusion engine = engine(limit)) {
            assertThat(engine.plan(request).sharing()).isEqualTo(MemoryNeed.Sharing.ONE_LOOK_AT_A_TIME);
            assertThat(pictures(engine, request)).isEqualTo(expected);
            assertThat(pictures(engine, request)).isEqualTo(expected);
            assertThat(backend.mostBytes).isLessThanOrEqualTo(limit);
        }
    }

    private void takesWhatIsSaid(PictureRequest request, List<Long> limits) {
        for (long limit : limits) {
            try (StableDiffusion engine = engine(limit)) {
                MemoryNeed limited = engine.plan(request);
                pictures(engine, request);
                assertThat(backend.mostBytes).isLessThanOrEqualTo(limit).isEqualTo(limited.peak());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 9, 10, 2052})
    void tilesWhoseQuarterIsNoWholeLatentAreRefused(int size) {
        assertThatThrownBy(() -> VaeTiling.of(size))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("VAE tiling: expected a tile of a multiple of 4 from 8 to 2048 latents, found " + size);
    }

    @Test
    void looksOneByOneMakeTheSamePictures() {
        looksOneByOne(owl().batch(4).sampler("euler_a").build());
    }

    @Test
    void steeredLooksOneByOneMakeTheSamePictures(@TempDir Path folder) throws IOException {
        byte[] stripes = new byte[3 * 64 * 48];
        for (int i = 0; i < stripes.length; i++) {
            stripes[i] = (byte) (i / 24 % 2 * 255);
        }
        AddOns addOns =
                AddOns.NONE.withControlNet(Control.of(DemoAddOns.controlNet(folder), Image.of(64, 48, stripes)));
        looksOneByOne(owl().batch(2).addOns(addOns).build());
    }

    @Test
    void inGuessModeTheSamePicturesToo(@TempDir Path folder) throws IOException {
        Image noise = unlimited(owl().build()).getFirst();
        AddOns addOns = AddOns.NONE
                .withControlNet(Control.of(DemoAddOns.controlNet(folder), noise))
                .withGuessMode(true);
        looksOneByOne(owl().batch(2).addOns(addOns).build());
    }

    @Test
    void aPictureFromAPictureTakesAsMuchAsIsSaid() {
        Image noise = unlimited(largeOwl().build()).getFirst();
        PictureRequest request = new ImageToImage(largeOwl().steps(2).build(), noise, 0.5);
        MemoryNeed need = plan(request);
        assertThat(need.encoder()).isPositive();
        takesWhatIsSaid(request, List.of(need.peak(), need.peak() - 1, need.least(), need.least() + (1 << 20)));
    }

    @Test
    void aSteeredPictureTakesAsMuchAsIsSaid(@TempDir Path folder) throws IOException {
        Image noise = unlimited(owl().build()).getFirst();
        AddOns addOns = AddOns.NONE.withAdapter(Control.of(DemoAddOns.adapter(folder), noise));
        PictureRequest request = owl().addOns(addOns).build();
        MemoryNeed need = plan(request);
        assertThat(need.adapters()).isPositive();
        assertThat(need.peak()).isEqualTo(need.textEncoders() + need.denoiser() + need.decoder() + need.adapters());
        takesWhatIsSaid(request, List.of(need.peak(), need.peak() - 1, need.least()));
    }

    @Test
    void weightsThatALoraMakesAreCounted(@TempDir Path folder) throws IOException {
        AddOns addOns = AddOns.NONE.with(new Lora(DemoAddOns.difference(folder), LoraWeight.of(1)));
        PictureRequest request = owl().addOns(addOns).build();
        MemoryNeed plain = plan(owl().build());
        MemoryNeed need = plan(request);
        long bytes = 4 * 128 * 128;
        assertThat(need.copies()).isEqualTo(bytes);
        assertThat(need.peak()).isEqualTo(plain.peak() + bytes);
        assertThat(need.least()).isEqualTo(plain.least() + bytes);
        assertThat(need.weights()).isEqualTo(plain.weights());

        try (StableDiffusion engine = engine(need.least() - 1)) {
            assertThatThrownBy(() -> pictures(engine, request))
                    .isInstanceOfSatisfying(
                            MemoryBudgetException.class,
                            e -> assertThat(e.least()).isEqualTo(need.least()));
            assertThat(pictures(engine, owl().build())).hasSize(1); // without it there is room enough
        }
        try (StableDiffusion engine = engine(need.least())) {
            assertThat(pictures(engine, request)).isEqualTo(unlimited(request));
            assertThat(backend.mostBytes + bytes).isLessThanOrEqualTo(need.least());
        }
    }

    @Test
    void weightsThatALoraMakesAreRefusedBeforeTheyAreMade(@TempDir Path folder) throws IOException {
        long textEncoders = plan(owl().build()).textEncoders();
        AddOns addOns = AddOns.NONE.with(new Lora(DemoAddOns.difference(folder), LoraWeight.of(1)));
        Path words = folder.resolve("words.safetensors");
        new SafetensorsWriter()
                .add("emb_params", Tensor.of(new float[128], 1, 128))
                .write(words);

        try (StableDiffusion engine = engine(textEncoders + (1 << 16))) {
            assertThatThrownBy(() -> pictures(
                            engine, owl().addOns(addOns.withEmbedding(words)).build()))
                    .isInstanceOf(MemoryBudgetException.class)
                    .hasMessageStartingWith("what LoRAs and words make of the model's weights takes");
        }
    }

    @Test
    void anAdapterThatDoesNotFitIsRefusedBeforeAnyStep(@TempDir Path folder) throws IOException {
        Image blank = Image.of(64, 48, new byte[3 * 64 * 48]);
        AddOns addOns = AddOns.NONE;
        for (int i = 0; i < 24; i++) {
            addOns = addOns.withAdapter(Control.of(DemoAddOns.adapter(folder), blank)); // in one program
        }
        PictureRequest request = owl().addOns(addOns).build();
        MemoryNeed need = plan(request);
        assertThat(need.least()).isEqualTo(need.textEncoders() + need.adapters());

        try (StableDiffusion engine = engine(need.least() - 1)) {
            assertThatThrownBy(() -> pictures(engine, request))
                    .isInstanceOfSatisfying(
                            MemoryBudgetException.class,
                            e -> assertThat(e.least()).isEqualTo(need.least()))
                    .hasMessageStartingWith("an adapter or its image encoder takes");
            assertThat(backend.runs).isZero();
        }
    }

    @Test
    void whatDoesNotFitIsRefusedWithWhatWouldDo() {
        long least = plan(owl().build()).least();

        try (StableDiffusion engine = engine(least - 1)) {
            assertThatThrownBy(() -> pictures(engine, owl().build()))
                    .isInstanceOfSatisfying(MemoryBudgetException.class, e -> {
                        assertThat(e.least()).isEqualTo(least);
                        assertThat(e.available()).isEqualTo(least - 1);
                        assertThat(e).hasMessageMatching("the (denoiser|decoder) beside .* would do");
                    });
            assertThatThrownBy(() -> engine.plan(owl().build()))
                    .isInstanceOfSatisfying(
                            MemoryBudgetException.class,
                            e -> assertThat(e.least()).isEqualTo(least));
            assertThat(pictures(engine, owl().size(32, 32).build())).hasSize(1); // the engine stays usable
        }
        try (StableDiffusion engine = engine(least)) {
            assertThat(pictures(engine, owl().build())).isEqualTo(unlimited(owl().build()));
            assertThat(backend.mostBytes).isLessThanOrEqualTo(least);
        }
    }

    @Test
    void aDecoderThatDoesNotFitMakesTilesAndSaysSo() {
        MemoryNeed whole = plan(largeOwl().build());
        assertThat(whole.vaeTile()).isZero();
        assertThat(whole.least()).isLessThan(whole.textEncoders() + whole.decoder());
        Image expected = unlimited(largeOwl().build()).getFirst();

        try (StableDiffusion engine = engine(whole.textEncoders() + whole.decoder() - 1)) {
            MemoryNeed need = engine.plan(largeOwl().build());
            GeneratedImage tiled = engine.generate(largeOwl().build()).getFirst();

            assertThat(need.vaeTile()).isBetween(16, 24);
            assertThat(backend.mostBytes).isEqualTo(need.peak());
            assertThat(tiled.parameters().values()).containsEntry("VAE tiling", Integer.toString(need.vaeTile()));
            assertThat(tiled.image()).isNotEqualTo(expected);
            assertThat(Differences.psnr(tiled.image(), expected)).isGreaterThan(25);
            VaeTiling again =
                    VaeTiling.takenFrom(new ParameterReader(tiled.parameters().values()));
            assertThat(unlimited(largeOwl().vaeTiling(again).build())).containsExactly(tiled.image());
            assertThatThrownBy(() ->
                            pictures(engine, largeOwl().vaeTiling(VaeTiling.OFF).build()))
                    .isInstanceOf(MemoryBudgetException.class)
                    .hasMessageStartingWith("the decoder");
        }
    }

    @Test
    void theLeastLimitIsEnoughAndLessIsNot() {
        long least = plan(largeOwl().build()).least();
        try (StableDiffusion engine = engine(least)) {
            assertThat(pictures(engine, largeOwl().build())).hasSize(1);
            assertThat(backend.mostBytes).isLessThanOrEqualTo(least);
        }
        try (StableDiffusion engine = engine(least - 1)) {
            assertThatThrownBy(() -> pictures(engine, largeOwl().build())).isInstanceOf(MemoryBudgetException.class);
        }
    }

    @Test
    void tilesDoNotDependOnThreads() {
        MemoryNeed whole = plan(largeOwl().build());
        MemoryBudget limit = new MemoryBudget(whole.textEncoders() + whole.decoder());
        List<Integer> tiles = new ArrayList<>();
        for (int threads : List.of(1, 3, 12)) {
            EngineOptions options = new EngineOptions("cpu", new BackendOptions(threads), limit);
            try (StableDiffusion engine = StableDiffusion.load(DemoModel.path(), options)) {
                tiles.add(engine.plan(largeOwl().build()).vaeTile());
            }
        }
        assertThat(tiles).containsOnly(tiles.getFirst()).doesNotContain(0);
    }

    @Test
    void aTileThatThePictureFitsIntoIsNone() {
        GeneratedImage picture;
        try (StableDiffusion engine = engine(Long.MAX_VALUE)) {
            picture = engine.generate(owl().vaeTiling(VaeTiling.of(8)).build()).getFirst();
        }
        assertThat(picture.parameters().values()).doesNotContainKey("VAE tiling");
        assertThat(picture.image()).isEqualTo(unlimited(owl().build()).getFirst());
        assertThat(VaeTiling.takenFrom(new ParameterReader(picture.parameters().values())))
                .isEqualTo(VaeTiling.OFF);
    }

    @Test
    void weightsAreCountedBesides() {
        assertThat(plan(owl().build()).weights()).isBetween(5_000_000L, 50_000_000L);
    }
}
