package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Seeds, second passes, and pictures made from pictures, as the command line has them; small pictures of few steps. */
class RequestOptionsTest {
    @TempDir
    Path folder;

    private Path source;

    /** 70 x 52 pixels, which is no multiple of 8. */
    @BeforeEach
    void writeSource() throws IOException {
        source = write("source.png", 70, 52, false);
    }

    private Path write(String name, int width, int height, boolean mask) throws IOException {
        return write(name, width, height, mask, width / 2);
    }

    /**
     * @param white columns of a mask
     */
    private Path write(String name, int width, int height, boolean mask, int white) throws IOException {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            int x = i / 3 % width;
            rgb[i] = (byte) (mask ? x < white ? 255 : 0 : 3 * x + 40 * (i % 3));
        }
        Path file = folder.resolve(name);
        Png.write(
                file,
                Image.of(width, height, rgb),
                new GenerationParameters("", "", new LinkedHashMap<>()),
                Png.IfExists.REPLACE);
        return file;
    }

    private CommandRun paint(String name, String... more) {
        List<String> args = new ArrayList<>(List.of("an owl", "--steps", "2", "--seed", "7", "--no-hashes", "--force"));
        args.addAll(List.of("--out", folder.resolve(name).toString()));
        args.addAll(Arrays.asList(more));
        CommandRun run = CommandRun.of(args.toArray(String[]::new));
        assertThat(run.err()).doesNotContain("aquarelle: ");
        assertThat(run.status()).isZero();
        return run;
    }

    private Image picture(String name, String... more) throws IOException {
        paint(name, more);
        return Png.read(folder.resolve(name));
    }

    private Map<String, String> values(String name) throws IOException {
        return GenerationParameters.parse(Png.readTexts(folder.resolve(name)).get(Png.PARAMETERS))
                .values();
    }

    private void requireReplayed(String name, String... more) {
        List<String> args =
                new ArrayList<>(List.of("replay", folder.resolve(name).toString(), "--no-hashes"));
        args.addAll(List.of("--out", folder.resolve("again.png").toString(), "--force"));
        args.addAll(Arrays.asList(more));
        CommandRun run = CommandRun.of(args.toArray(String[]::new));

        assertThat(run.err()).doesNotContain("aquarelle: ", "differs: ", "not understood: ");
        assertThat(run.out()).contains("the same to the byte");
    }

    @Test
    void variationsAreNamedByTheirSeedsToo() throws IOException {
        paint("", "--size", "64x48", "--rng", "NV", "--variation-seed", "4", "--variation-strength", "0.2", "-c", "2");
        Image second = Png.read(folder.resolve("an-owl-7-v5.png"));

        assertThat(folder.resolve("an-owl-7-v4.png")).exists();
        assertThat(picture(
                        "alone.png",
                        "--size",
                        "64x48",
                        "--rng",
                        "nv",
                        "--variation-seed",
                        "5",
                        "--variation-strength",
                        "0.2"))
                .isEqualTo(second);
        assertThat(values("alone.png")).containsEntry("RNG", "NV").containsEntry("Variation seed", "5");
        requireReplayed("alone.png");
    }

    @Test
    void aSeedMayBeKnownForAnotherSize() throws IOException {
        Image usual = picture("usual.png", "--size", "64x48");

        assertThat(picture("resized.png", "--size", "64x48", "--seed-resize-from", "40x96"))
                .isNotEqualTo(usual);
        assertThat(values("resized.png")).containsEntry("Seed resize from", "40x96");
        requireReplayed("resized.png");
    }

    @ParameterizedTest
    @CsvSource({
        "--schedule, ays, Schedule type, Align Your Steps",
        "--schedule, Karras, Schedule type, Karras",
        "--timesteps, '999,300', Timesteps, 999 300",
        "--sigmas, '14.6,0.75,0', Sigmas, 14.6 0.75 0"
    })
    void aSchedulesNoiseLevelsAreVisited(String option, String value, String key, String written) throws IOException {
        Image usual = picture("usual.png", "--size", "64x48", "--sampler", "dpmpp_2m");

        assertThat(picture("own.png", "--size", "64x48", "--sampler", "dpmpp_2m", option, value))
                .isNotEqualTo(usual);
        assertThat(values("own.png")).containsEntry("Sampler", "DPM++ 2M").containsEntry(key, written);
        requireReplayed("own.png");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--schedule karras | DDIMScheduler: a schedule Karras needs a sampler with sigmas, which this one has"
                        + " not",
                "--sampler ddim --schedule simple | DDIMScheduler: a schedule Simple needs a sampler with sigmas",
                "--schedule gits | unknown schedule gits; known are uniform, karras",
                "--sampler euler_karras --schedule beta | expected none beside the one in the sampler euler_karras",
                "--sampler euler --schedule beta --sigmas 14,0 | expected one of --schedule, --timesteps and --sigmas",
                "--sampler euler --timesteps 999,500,20 | steps: expected 3, as many as the schedule has, found 2",
                "--sampler euler --timesteps 20,500 | timesteps: expected falling numbers",
                "--sampler euler --timesteps 999,500 --hires 2 | expected one of any number of steps for a second pass",
                "--sampler unipc --timesteps 999,500 | a schedule of 2 timesteps needs a sampler with timesteps"
            })
    void aScheduleThatCannotBeIsRefused(String options, String message) {
        List<String> args = new ArrayList<>(List.of("an owl", "--steps", "2", "--size", "64x48"));
        args.addAll(List.of(options.split(" ", -1)));

        CommandRun run = CommandRun.of(args.toArray(String[]::new));

        assertThat(run.status()).isNotZero();
        assertThat(run.err()).contains("aquarelle: ").contains(message);
    }

    @Test
    void aVariationSeedIsChosenWhereOnlyTheStrengthIsGiven() throws IOException {
        paint("alone.png", "--size", "64x48", "--variation-strength", "0.2");

        assertThat(values("alone.png").get("Variation seed")).matches("\\d+");
    }

    @ParameterizedTest
    @CsvSource({"latent, Latent", "latent-bicubic-antialiased, Latent (bicubic antialiased)", "lanczos, Lanczos"})
    void aSecondPassIsLarger(String upscaler, String title) throws IOException {
        Image large = picture(
                "large.png",
                "--size",
                "48x32",
                "--hires",
                "1.5",
                "--hires-upscaler",
                upscaler,
                "--hires-strength",
                "0.6",
                "--hires-steps",
                "1");

        assertThat(large.width()).isEqualTo(72);
        assertThat(large.height()).isEqualTo(48);
        assertThat(values("large.png"))
                .containsEntry("Size", "48x32")
                .containsEntry("Hires upscale", "1.5")
                .containsEntry("Hires steps", "1")
                .containsEntry("Hires upscaler", title)
                .containsEntry("Denoising strength", "0.6");
        requireReplayed("large.png");
    }

    @Test
    void aSecondPassMayBeOfASize() throws IOException {
        assertThat(picture("large.png", "--size", "48x32", "--hires", "64x64").height())
                .isEqualTo(64);
    }

    @Test
    void anotherModelFinishesThePicture() throws IOException {
        Image refined = picture(
                "refined.png",
                "--size",
                "48x32",
                "--sampler",
                "ddim",
                "--refiner",
                DemoModel.path().toString(),
                "--refiner-start",
                "0.5");

        assertThat(refined).isEqualTo(picture("plain.png", "--size", "48x32", "--sampler", "ddim"));
        assertThat(values("refined.png")).containsEntry("Refiner switch at", "0.5");
        requireReplayed("refined.png", "--search", DemoModel.path().getParent().toString());
    }

    @Test
    void anImageOfAnySizeIsBroughtToOneThatFits() throws IOException {
        assertThat(picture("plain.png", "--image", source.toString()).width()).isEqualTo(64);
        assertThat(picture("cropped.png", "--image", source.toString(), "--size", "48x64"))
                .isNotEqualTo(picture(
                        "stretched.png", "--image", source.toString(), "--size", "48x64", "--resize-mode", "stretch"));
        assertThat(picture("filled.png", "--image", source.toString(), "--size", "96x48", "--resize-mode", "FILL")
                        .width())
                .isEqualTo(96);
        requireReplayed("filled.png");
    }

    @Test
    void whatIsNotMaskedStaysAsItWas() throws IOException {
        Path even = write("even.png", 64, 48, false);
        Path mask = write("mask.png", 64, 48, true);
        Image original = Png.read(even);
        Image kept = picture("kept.png", "--image", even.toString(), "--mask", mask.toString());
        Image inverted = picture(
                "inverted.png",
                "--image",
                even.toString(),
                "--mask",
                mask.toString(),
                "--invert-mask",
                "--mask-blur",
                "0");
        Image decoded =
                picture("decoded.png", "--image", even.toString(), "--mask", mask.toString(), "--no-paste-back");

        for (int y = 0; y < 48; y++) {
            assertThat(kept.pixel(63, y)).isEqualTo(original.pixel(63, y));
            assertThat(inverted.pixel(0, y)).isEqualTo(original.pixel(0, y));
        }
        assertThat(decoded).isNotEqualTo(kept);
        requireReplayed("inverted.png");
    }

    @Test
    void onlyWhatIsMaskedIsPaintedAndThePictureKeepsItsSize() throws IOException {
        Path mask = write("mask.png", 70, 52, true);
        List<String> options = List.of(
                "--image", source.toString(), "--mask", mask.toString(), "--only-masked", "--mask-padding", "8");
        List<String> more = List.of("--size", "64x48", "--mask-blur", "2", "--masked-content", "latent-noise");
        Image painted = picture(
                "painted.png", Stream.concat(options.stream(), more.stream()).toArray(String[]::new));
        Image original = Png.read(source);

        assertThat(painted.width()).isEqualTo(70);
        assertThat(painted.height()).isEqualTo(52);
        assertThat(painted.pixel(0, 20)).isNotEqualTo(original.pixel(0, 20));
        for (int y = 0; y < 52; y++) {
            assertThat(painted.pixel(35 + 5, y)).isEqualTo(original.pixel(35 + 5, y)); // two and a half deviations
        }
        assertThat(values("painted.png"))
                .containsEntry("Size", "64x48")
                .containsEntry("Inpaint area", "Only masked")
                .containsEntry("Masked area padding", "8")
                .containsEntry("Masked content", "latent noise");
        requireReplayed("painted.png");
        CommandRun plan = CommandRun.of(Stream.concat(Stream.of("an owl", "--dry-run"), options.stream())
                .toArray(String[]::new));
        assertThat(plan.status()).isZero();
    }

    @Test
    void anImageIsContinued() throws IOException {
        Image original = Png.read(source);
        Image continued = picture("continued.png", "--image", source.toString(), "--outpaint", "left=16,bottom=8");

        assertThat(continued.width()).isEqualTo(88); // 86 rounded up
        assertThat(continued.height()).isEqualTo(64);
        assertThat(continued.pixel(18 + 60, 10)).isEqualTo(original.pixel(60, 10));
        assertThat(values("continued.png")).containsEntry("Outpaint", "left=18 top=0 right=0 bottom=12");
        requireReplayed("continued.png");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--rng dice                             | --rng: expected cpu or nv, found dice",
                "--variation-seed 4                     | --variation-seed: expected --variation-strength beside it",
                "--variation-strength 2                 | --variation-strength: expected 0 to 1, found 2.0",
                "--variation-strength 1 --variation-seed -2 | --variation-seed: expected 0 to",
                "--hires big                            | --hires: expected a number such as 2 or WIDTHxHEIGHT",
                "--hires 20                             | hires scale: expected 1 to 8, found 20.0",
                "--hires 100x64                         | hires width: expected a multiple of 8",
                "--hires-steps 3                        | --hires-steps: expected --hires beside it, found none",
                "--hires 2 --hires-strength 0           | strength: expected a number above 0",
                "--hires 2 --hires-upscaler magic       | --hires-upscaler: expected latent, latent-antialiased,",
                "--hires 2 --image SOURCE               | --hires: expected neither --image nor --refiner beside it",
                "--refiner-start 0.5                    | --refiner-start: expected --refiner beside it, found none",
                "--refiner DEMO --refiner-start 1       | refiner: expected a start above 0 and below 1, found 1.0",
                "--refiner DEMO --image SOURCE          | --refiner: expected no --image beside it",
                "--resize-mode crop                     | --resize-mode: expected --image beside it, found none",
                "--mask-blur 4                          | --mask-blur: expected --mask beside it, found none",
                "--image SOURCE --mask-blur 4           | --mask-blur: expected --mask beside it, found none",
                "--image SOURCE --invert-mask           | --invert-mask: expected --mask beside it, found none",
                "--image SOURCE --mask SMALL            | mask: expected 70 x 52 pixels as the picture has, found 8 x"
                        + " 8",
                "--image SOURCE --only-masked           | --only-masked: expected --mask beside it, found none",
                "--image SOURCE --masked-content fill   | --masked-content: expected --mask beside it, found none",
                "--image SOURCE --mask SOURCE --mask-padding 3 | --mask-padding: expected --only-masked beside it",
                "--image SOURCE --mask SOURCE --only-masked --mask-padding -3 | mask padding: expected 0 to 16384",
                "--image SOURCE --mask SOURCE --only-masked --no-paste-back | --no-paste-back: expected none beside",
                "--image SOURCE --mask SOURCE --only-masked --resize-mode crop | --resize-mode: expected none beside",
                "--image SOURCE --mask SOURCE --masked-content soup | expected original, fill, latent-noise or",
                "--image SOURCE --mask BLACK --only-masked | mask: expected a part that is painted, found none",
                "--image SOURCE --mask SOURCE --outpaint left=8 | --mask: expected none beside --outpaint",
                "--image SOURCE --size 999999999x8      | width: expected 8 to 16384, found 999999999",
                "--image SOURCE --strength 0            | strength: expected a number above 0",
                "--outpaint left=8                      | --outpaint: expected --image beside it, found none",
                "--image SOURCE --outpaint left=8 --size 64x64 | --size: expected none beside --outpaint",
                "--image SOURCE --outpaint left=8       | outpaint: height: expected a multiple of 8 where no margin",
                "--image SOURCE --outpaint up=8         | --outpaint",
                "--image SOURCE --outpaint left=x       | --outpaint",
                "--image SOURCE --resize-mode bend      | --resize-mode",
            })
    void whatMakesNoSenseIsRefusedInASentence(String options, String message) throws IOException {
        Path small = write("small.png", 8, 8, true);
        Path black = write("black.png", 70, 52, true, 0);
        List<String> args = new ArrayList<>(
                List.of("an owl", "--out", folder.resolve("none.png").toString()));
        for (String option : options.split(" ", -1)) {
            args.add(option.replace("SOURCE", source.toString())
                    .replace("SMALL", small.toString())
                    .replace("BLACK", black.toString())
                    .replace("DEMO", DemoModel.path().toString()));
        }
        CommandRun run = CommandRun.of(args.toArray(String[]::new));

        assertThat(run.err()).startsWith("aquarelle: ").contains(message).doesNotContain("\tat ");
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err().lines().count()).isLessThanOrEqualTo(2);
    }
}
