package dev.aquarelle.sd.upscale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.pipeline.EngineOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A network that passes colors on, so that what it makes of a picture is known whatever tiles it is cut into. */
class UpscalerTest {
    private static final Tiles SMALL = new Tiles(64);

    @TempDir
    Path folder;

    /**
     * All residual blocks give 0, all other convolutions pass on what is at their pixel: the first color of each square, or all three.
     *
     * @param channels of the first convolution
     */
    private Path network(int channels) throws IOException {
        Map<String, Tensor> tensors = TinyRrdb.tensors(channels, 2);
        tensors.replaceAll((_, tensor) ->
                Tensor.of(new float[(int) tensor.shape().size()], tensor.shape().dims()));
        for (String name : List.of("conv_first", "conv_up1", "conv_up2", "conv_hr", "conv_last")) {
            Tensor zeros = tensors.get(name + ".weight");
            int in = zeros.shape().dim(1);
            float[] values = zeros.toFloatArray();
            for (int color = 0; color < 3; color++) {
                int from = name.equals("conv_first") ? color * channels / 3 : color;
                values[(color * in + from) * 9 + 4] = 1; // the middle of nine
            }
            tensors.put(name + ".weight", Tensor.of(values, zeros.shape().dims()));
        }
        return write(tensors);
    }

    private Path write(Map<String, Tensor> tensors) throws IOException {
        Path file = folder.resolve("network.safetensors");
        Files.deleteIfExists(file);
        SafetensorsWriter writer = new SafetensorsWriter();
        tensors.forEach(writer::add);
        writer.write(file);
        return file;
    }

    private static Image noise(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        new Random(5).nextBytes(rgb);
        return Image.of(width, height, rgb);
    }

    /** Each pixel as a square of the scale's side, taken from the first pixel of its own square. */
    private static Image enlarged(Image picture, int scale, int square) {
        int width = scale * picture.width();
        int height = scale * picture.height();
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < width * height; i++) {
            int pixel = picture.pixel(i % width / scale / square * square, i / width / scale / square * square);
            for (int color = 0; color < 3; color++) {
                rgb[3 * i + color] = (byte) (pixel >> 8 * (2 - color));
            }
        }
        return Image.of(width, height, rgb);
    }

    private static EngineOptions cpu(MemoryBudget memory) {
        return new EngineOptions("cpu", BackendOptions.DEFAULT, memory);
    }

    private static Upscaler open(Path file) {
        return Upscaler.load(file, cpu(MemoryBudget.UNLIMITED), SMALL);
    }

    @ParameterizedTest(name = "{0} x {1}: {2} tiles")
    @CsvSource({"1, 1, 1", "64, 64, 1", "65, 3, 2", "97, 70, 6"})
    void tilesMakeOnePicture(int width, int height, int tiles) throws IOException {
        Image picture = noise(width, height);
        List<String> told = new ArrayList<>();

        try (Upscaler upscaler = open(network(3))) {
            Image large = upscaler.upscale(picture, (done, of) -> told.add(done + " of " + of), Cancellation.NEVER);

            assertThat(upscaler.scale()).isEqualTo(4);
            assertThat(large).isEqualTo(enlarged(picture, 4, 1));
        }
        assertThat(told).hasSize(tiles).last().isEqualTo(tiles + " of " + tiles);
    }

    @ParameterizedTest(name = "{0} x {1}")
    @CsvSource({"1, 1", "7, 2", "67, 69"})
    void picturesThatDoNotDivideIntoSquaresKeepTheirSize(int width, int height) throws IOException {
        Image picture = noise(width, height);

        try (Upscaler upscaler =
                open(network(48))) { // sees the first pixel of each square of 4 x 4 and gives it for all 16
            Image same = upscaler.upscale(picture);

            assertThat(upscaler.scale()).isEqualTo(1);
            assertThat(same).isEqualTo(enlarged(picture, 1, 4));
        }
    }

    @Test
    void aTileThatDoesNotFitIsRefusedBeforeAnyWork() throws IOException {
        try (Upscaler upscaler = Upscaler.load(network(3), cpu(new MemoryBudget(1 << 20)), SMALL)) {
            assertThatThrownBy(() -> upscaler.upscale(noise(100, 100)))
                    .isInstanceOf(MemoryBudgetException.class)
                    .hasMessageMatching("a tile of 64 x 64 pixels takes .* MiB, but only 1\\.0 MiB may be used");
        }
    }

    @Test
    void aPictureThatNoArrayHoldsIsRefused() {
        assertThatThrownBy(() -> Upscaler.requireHeap(36_000, 20_000))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessage("a picture of 36000 x 20000 pixels takes 2059.9 MiB, but only 2048.0 MiB may be used");
    }

    @Test
    void whatIsStoppedCanBeAskedAgain() throws IOException {
        try (Upscaler upscaler = open(network(3))) {
            assertThatThrownBy(() -> upscaler.upscale(noise(8, 8), UpscaleListener.NONE, () -> true))
                    .isInstanceOf(CancellationException.class);
            assertThat(upscaler.upscale(noise(8, 8)).width()).isEqualTo(32);
        }
    }

    @Test
    void brokenWeightsAreNoPicture() throws IOException {
        Map<String, Tensor> tensors = TinyRrdb.tensors(3, 2);
        tensors.put("conv_last.bias", Tensor.of(new float[] {0, Float.NaN, 0}, 3));

        try (Upscaler upscaler = open(write(tensors))) {
            assertThatThrownBy(() -> upscaler.upscale(noise(8, 8)))
                    .isInstanceOf(ModelException.class)
                    .hasMessage("the upscaler: expected finite numbers, found NaN: its weights are broken");
        }
    }

    @Test
    void saysWhatIsNoNetwork() throws IOException {
        Path file = write(Map.of("x", Tensor.of(new float[1], 1)));

        assertThatThrownBy(() -> Upscaler.load(file))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageStartingWith(file + ": expected an upscaler of the ESRGAN family");
    }
}
