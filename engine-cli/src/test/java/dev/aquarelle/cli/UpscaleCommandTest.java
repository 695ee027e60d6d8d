package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A network of zeros, which adds nothing to the picture enlarged plainly, and everything that is refused. */
class UpscaleCommandTest {
    private static final Image PICTURE = Image.of(2, 1, new byte[] {(byte) 255, 0, 1, 127, (byte) 128, (byte) 254});

    @TempDir
    Path folder;

    private Path model;
    private Path in;
    private Path out;

    @BeforeEach
    void writeFiles() throws IOException {
        model = folder.resolve("twice.safetensors");
        in = folder.resolve("in.png");
        out = folder.resolve("out.png");
        new SafetensorsWriter()
                .add("body.0.weight", Tensor.of(new float[4 * 3 * 9], 4, 3, 3, 3))
                .add("body.0.bias", Tensor.of(new float[4], 4))
                .add("body.1.weight", Tensor.of(new float[4], 4))
                .add("body.2.weight", Tensor.of(new float[12 * 4 * 9], 12, 4, 3, 3))
                .add("body.2.bias", Tensor.of(new float[12], 12))
                .write(model);
        GenerationParameters parameters = GenerationParameters.parse(
                "an apple\nNegative prompt: pear\nSteps: 1, Sampler: DDIM, Seed: 7, Size: 2x1");
        Png.write(in, PICTURE, parameters, Png.IfExists.FAIL);
    }

    private CommandRun upscale(String... more) {
        List<String> args = new ArrayList<>(List.of("upscale", "--model", model.toString()));
        args.addAll(Arrays.asList(more));
        return CommandRun.of(args.toArray(String[]::new));
    }

    @Test
    void thePictureIsLargerAndTellsHowItWasMade() throws IOException {
        CommandRun run = upscale(in.toString(), out.toString());

        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(run.out()).containsPattern("out\\.png  4x2  \\d+\\.\\d s");
        Image large = Png.read(out);
        assertThat(List.of(large.width(), large.height())).isEqualTo(List.of(4, 2));
        for (int i = 0; i < 8; i++) {
            assertThat(large.pixel(i % 4, i / 4)).isEqualTo(PICTURE.pixel(i % 4 / 2, 0));
        }
        assertThat(Png.readTexts(out).get(Png.PARAMETERS)).isEqualTo("""
            an apple
            Negative prompt: pear
            Steps: 1, Sampler: DDIM, Seed: 7, Size: 2x1, Postprocess upscale by: 2, Postprocess upscaler: twice\
            """);
    }

    /** A JPEG says nothing of how it was made. */
    @Test
    void photosAreEnlargedToo() throws IOException {
        Path photo = folder.resolve("photo.jpg");
        ImageIO.write(new BufferedImage(16, 8, BufferedImage.TYPE_INT_RGB), "jpg", photo.toFile());

        CommandRun run = upscale(photo.toString(), out.toString());

        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(Png.read(out).width()).isEqualTo(32);
        assertThat(Png.readTexts(out).get(Png.PARAMETERS))
                .isEqualTo("Postprocess upscale by: 2, Postprocess upscaler: twice");
    }

    @Test
    void aFileThatIsThereIsRefusedBeforeTheWork() throws IOException {
        Files.writeString(out, "mine");

        CommandRun run = upscale(in.toString(), out.toString());

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).isEqualToIgnoringNewLines("aquarelle: " + out + " is there already; --force replaces it");
        assertThat(out).hasContent("mine");
        assertThat(upscale("--force", in.toString(), out.toString()).status()).isZero();
        assertThat(Png.read(out).width()).isEqualTo(4);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--tile       | 100   | 2 | --tile: expected a multiple of 8 from 64 to 512, found 100",
                "--tile       | many  | 2 | 'many' is not a whole number",
                "--backend    | none  | 2 | none",
                "--model      | /none | 1 | /none: expected a safetensors file, found no file",
                "--max-memory | 1K    | 1 | but only 1.0 KiB may be used; smaller pictures or tiles take less",
            })
    void whatMakesNoSenseIsRefused(String option, String value, int status, String message) {
        CommandRun run = option.equals("--model")
                ? CommandRun.of("upscale", option, value, in.toString(), out.toString())
                : upscale(option, value, in.toString(), out.toString());

        assertThat(run.err()).startsWith("aquarelle: ").contains(message);
        assertThat(run.status()).isEqualTo(status);
        assertThat(out).doesNotExist();
    }

    @Test
    void refusesPicturesThatAreNone() throws IOException {
        Path text = Files.writeString(folder.resolve("text.png"), "no picture");

        assertThat(upscale(in.toString(), folder.resolve("out.jpg").toString()).err())
                .contains("OUT: expected the name of a file, ending in .png, found " + folder.resolve("out.jpg"));
        assertThat(upscale(in.toString(), folder.toString()).status()).isEqualTo(2);
        assertThat(upscale(text.toString(), out.toString()).err()).startsWith("aquarelle: " + text);
        assertThat(upscale(folder.resolve("none.png").toString(), out.toString())
                        .err())
                .isEqualToIgnoringNewLines("aquarelle: " + folder.resolve("none.png") + " is not there");
        assertThat(upscale(in.toString()).err()).contains("Missing required parameter: 'OUT'");
    }

    @Test
    void anInterruptLeavesNothingBehind() {
        Interrupt interrupt = new Interrupt();
        interrupt.ask();

        CommandRun run =
                CommandRun.of(interrupt, "upscale", "--model", model.toString(), in.toString(), out.toString());

        assertThat(run.status()).isEqualTo(130);
        assertThat(run.err()).isEqualToIgnoringNewLines("aquarelle: stopped");
        assertThat(out).doesNotExist();
    }
}
