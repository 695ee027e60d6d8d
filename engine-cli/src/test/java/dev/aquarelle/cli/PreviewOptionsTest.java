package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.sd.TinyTaesd;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Previews on the command line: files beside the picture, which stays what it is. */
class PreviewOptionsTest {
    @TempDir
    Path folder;

    private CommandRun paint(String out, String... more) {
        List<String> args = new ArrayList<>(List.of("an owl", "--size", "64x48", "--steps", "5", "--seed", "7"));
        args.addAll(List.of("--sampler", "euler", "--out", folder.resolve(out).toString()));
        args.addAll(Arrays.asList(more));
        CommandRun run = CommandRun.of(args.toArray(String[]::new));
        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        return run;
    }

    private List<String> names() {
        String[] names = folder.toFile().list();
        assertThat(names).isNotNull();
        return Arrays.stream(names).sorted().toList();
    }

    private Image read(String name) throws IOException {
        return Png.read(folder.resolve(name));
    }

    @Test
    void everySecondStepsPreviewIsWrittenBesideThePictureThatStaysTheSame() throws IOException {
        paint("plain.png");
        paint("owl.png", "--save-previews", "2");

        assertThat(names()).containsExactly("owl-step-002.png", "owl-step-004.png", "owl.png", "plain.png");
        assertThat(folder.resolve("owl.png")).hasSameBinaryContentAs(folder.resolve("plain.png"));
        assertThat(read("owl-step-002.png")).isNotEqualTo(read("owl-step-004.png"));
        assertThat(Png.readTexts(folder.resolve("owl-step-002.png"))).isEmpty();
    }

    @Test
    void withoutATinyDecoderAPreviewIsASquareForEachOfTheLatents() throws IOException {
        paint("owl.png", "--save-previews", "5");

        Image preview = read("owl-step-005.png");
        assertThat(preview.width()).isEqualTo(64);
        assertThat(preview.height()).isEqualTo(48);
        List<Integer> squares = new ArrayList<>();
        for (int y = 0; y < 48; y++) {
            for (int x = 0; x < 64; x++) {
                assertThat(preview.pixel(x, y)).isEqualTo(preview.pixel(x / 8 * 8, y / 8 * 8));
                if (x % 8 == 0 && y % 8 == 0) {
                    squares.add(preview.pixel(x, y));
                }
            }
        }
        assertThat(squares.stream().distinct()).hasSizeGreaterThan(20);
    }

    @Test
    void aTinyDecoderMakesThem() throws IOException {
        Path taesd = folder.resolve("taesd_decoder.safetensors");
        TinyTaesd.write(taesd, 4, 4, 4);

        paint("plain.png", "--save-previews", "5");
        paint("owl.png", "--save-previews", "5", "--taesd", taesd.toString());

        assertThat(read("owl-step-005.png").width()).isEqualTo(64);
        assertThat(read("owl-step-005.png")).isNotEqualTo(read("plain-step-005.png"));
        assertThat(folder.resolve("owl.png")).hasSameBinaryContentAs(folder.resolve("plain.png"));
    }

    @Test
    void eachPictureOfABatchHasItsOwn() {
        paint("owl.png", "--save-previews", "5", "--count", "3", "--batch", "2");
        paint("new", "--save-previews", "5", "--batch", "2", "--variation-seed", "3", "--variation-strength", "0.5");

        assertThat(names())
                .containsExactly(
                        "new",
                        "owl-7-step-005.png",
                        "owl-7.png",
                        "owl-8-step-005.png",
                        "owl-8.png",
                        "owl-9-step-005.png",
                        "owl-9.png");
        assertThat(folder.resolve("new").toFile().list())
                .containsExactlyInAnyOrder(
                        "an-owl-7-v3-step-005.png", "an-owl-7-v3.png", "an-owl-7-v4-step-005.png", "an-owl-7-v4.png");
    }

    @Test
    void filesThatAreThereStayUnlessForced() throws IOException {
        Path mine = Files.writeString(folder.resolve("owl-step-005.png"), "mine");

        paint("owl.png", "--save-previews", "5");
        assertThat(mine).hasContent("mine");
        Image preview = read("owl-step-005-2.png");
        paint("owl.png", "--save-previews", "5", "--force");
        assertThat(read("owl-step-005.png")).isEqualTo(preview);
        assertThat(names()).containsExactly("owl-step-005-2.png", "owl-step-005.png", "owl.png");
    }

    @Test
    void previewsAreNamedAfterThePictureThatHasAnotherNameThanItWould() {
        paint(".", "--save-previews", "5");
        paint(".", "--save-previews", "5");

        assertThat(names())
                .containsExactly("an-owl-7-2-step-005.png", "an-owl-7-2.png", "an-owl-7-step-005.png", "an-owl-7.png");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--save-previews 0 | --save-previews: expected 1 or more, found 0",
                "--taesd x | --taesd: expected --preview or --save-previews beside it, found neither",
            })
    void refusesWhatMakesNoSense(String options, String message) {
        List<String> args = new ArrayList<>(List.of("an owl", "--out", folder.toString()));
        args.addAll(List.of(options.split(" ", -1)));

        CommandRun run = CommandRun.of(args.toArray(String[]::new));

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).isEqualToIgnoringNewLines("aquarelle: " + message);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void refusesNamesThatLeaveNoRoomAndDecodersThatAreNotThere() {
        String name = "x".repeat(240) + ".png";
        CommandRun run = CommandRun.of(
                "an owl", "--save-previews", "5", "--out", folder.resolve(name).toString());
        CommandRun missing = CommandRun.of(
                "an owl", "--preview", "--taesd", folder.resolve("none").toString(), "--out", folder.toString());

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err())
                .isEqualToIgnoringNewLines(
                        "aquarelle: --save-previews: expected a name of at most 242 bytes, so that the"
                                + " step's number can stand behind it, found " + name);
        assertThat(missing.status()).isEqualTo(1);
        assertThat(missing.err())
                .isEqualToIgnoringNewLines(
                        "aquarelle: " + folder.resolve("none") + ": expected a safetensors file, found no file");
        assertThat(folder).isEmptyDirectory();
    }
}
