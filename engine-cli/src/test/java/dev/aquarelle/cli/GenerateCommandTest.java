package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** Small pictures of one or two steps, and everything that is refused. */
class GenerateCommandTest {
    @TempDir
    Path folder;

    private CommandRun paint(String... more) {
        List<String> args = new ArrayList<>(
                List.of("a Red, äpple!", "--size", "64x64", "--steps", "1", "--out", folder.toString()));
        args.addAll(Arrays.asList(more));
        return CommandRun.of(args.toArray(String[]::new));
    }

    @Test
    void aPictureIsNamedAfterPromptAndSeedAndTellsHowItWasMade() throws IOException {
        CommandRun run = paint(
                "--seed",
                "7",
                "--negative",
                "blurry",
                "--guidance",
                "3.5",
                "--sampler",
                "euler",
                "--guidance-rescale",
                "0.5");

        Path file = folder.resolve("a-red-apple-7.png");
        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(run.out()).containsPattern("a-red-apple-7\\.png  seed 7  \\d+\\.\\d s");
        assertThat(Png.read(file).width()).isEqualTo(64);
        GenerationParameters parameters =
                GenerationParameters.parse(Png.readTexts(file).get(Png.PARAMETERS));
        assertThat(parameters.prompt()).isEqualTo("a Red, äpple!");
        assertThat(parameters.negativePrompt()).isEqualTo("blurry");
        assertThat(parameters.values())
                .containsEntry("Steps", "1")
                .containsEntry("CFG scale", "3.5")
                .containsEntry("Guidance rescale", "0.5")
                .containsEntry("Seed", "7")
                .containsEntry("Size", "64x64");
    }

    @Test
    void filesThatAreThereStay() throws IOException {
        Path mine = Files.writeString(folder.resolve("a-red-apple-7.png"), "mine");

        assertThat(paint("--seed", "7").out()).contains("a-red-apple-7-2.png");
        assertThat(paint("--seed", "7").out()).contains("a-red-apple-7-3.png");
        assertThat(mine).hasContent("mine");
        assertThat(paint("--seed", "7", "--force").status()).isZero();
        assertThat(Png.read(mine)).isEqualTo(Png.read(folder.resolve("a-red-apple-7-2.png")));
    }

    @Test
    void aNamedFileThatIsThereIsRefusedBeforeTheWork() throws IOException {
        Path mine = Files.writeString(folder.resolve("mine.png"), "mine");

        CommandRun run = CommandRun.of("an apple", "--out", mine.toString());

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err())
                .isEqualToIgnoringNewLines("aquarelle: " + mine + " is there already; --force replaces it");
        assertThat(mine).hasContent("mine");
    }

    @Test
    void aLinkToNowhereIsAFileThatIsThere() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("a-red-apple-7.png"), folder.resolve("nowhere"));

        assertThat(paint("--seed", "7").out()).contains("a-red-apple-7-2.png");
        assertThat(CommandRun.of("an apple", "--out", link.toString()).err()).contains("is there already");
        assertThat(link).isSymbolicLink();
        assertThat(folder.resolve("nowhere")).doesNotExist();
    }

    @Test
    void aNameMayBeAsLongAsNamesCanBe() {
        String name = "x".repeat(251) + ".png";

        CommandRun run = CommandRun.of(
                "an apple",
                "--size",
                "64x64",
                "--steps",
                "1",
                "--out",
                folder.resolve(name).toString());

        assertThat(run.status()).isZero();
        assertThat(folder.toFile().list()).containsExactly(name);
        assertThat(CommandRun.of("an apple", "--out", folder.resolve("x" + name).toString()))
                .satisfies(longer -> assertThat(longer.status()).isEqualTo(2))
                .satisfies(longer -> assertThat(longer.err()).contains("--out: expected a name of at most 255 bytes"));
    }

    @Test
    void aModelThatDoesNotLoadLeavesNoFolderBehind() {
        CommandRun run = CommandRun.of(
                "an apple",
                "--model",
                "/nowhere",
                "--out",
                folder.resolve("new/pictures").toString());

        assertThat(run.status()).isEqualTo(1);
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"mine/pictures", "mine/apple.png"})
    void aFolderThatCannotBeMadeIsRefusedBeforeTheModelIsLoaded(String out) throws IOException {
        Path mine = Files.writeString(folder.resolve("mine"), "mine");

        CommandRun run = CommandRun.of(
                "an apple", "--model", "/nowhere", "--out", folder.resolve(out).toString());

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err())
                .isEqualToIgnoringNewLines(
                        "aquarelle: " + mine + ": expected a folder to write to, found something else");
    }

    @Test
    void aFolderThatCannotBeWrittenToIsRefusedBeforeTheModelIsLoaded() throws IOException {
        Path locked = lockedFolder();

        CommandRun run = CommandRun.of("an apple", "--model", "/nowhere", "--out", locked.toString());

        assertThat(run.err()).isEqualToIgnoringNewLines("aquarelle: " + locked + ": the folder cannot be written to");
    }

    /** A folder of the test's; for root, whom no rights keep out of one, a folder of the kernel's, which does. */
    private Path lockedFolder() throws IOException {
        Path locked = Files.createDirectory(folder.resolve("locked"));
        return locked.toFile().setWritable(false) && !Files.isWritable(locked) ? locked : Path.of("/proc/sys");
    }

    @Test
    void whatModelFilesSayCannotSteerTheTerminal() throws IOException {
        Files.createDirectories(folder.resolve("model"));
        Files.writeString(folder.resolve("model/model_index.json"), "{\"_class_name\": \"Flux\\u001b[31mPipeline\"}");

        CommandRun run = CommandRun.of(
                "an apple", "--verbose", "--model", folder.resolve("model").toString());

        assertThat(run.err()).contains("found Flux\\u001b[31mPipeline", "\tat ").doesNotContain("\u001b");
    }

    @Test
    void aPictureOfABatchIsThatOfItsSeedAlone() throws IOException {
        CommandRun three = paint("--seed", "4", "--count", "3", "--batch", "2");
        Image alone = Png.read(folder.resolve("a-red-apple-5.png"));

        assertThat(three.out().lines()).hasSize(3);
        assertThat(folder.toFile().list())
                .containsExactlyInAnyOrder("a-red-apple-4.png", "a-red-apple-5.png", "a-red-apple-6.png");
        assertThat(paint("--seed", "5", "--force").status()).isZero();
        assertThat(Png.read(folder.resolve("a-red-apple-5.png"))).isEqualTo(alone);
        assertThat(Png.read(folder.resolve("a-red-apple-4.png"))).isNotEqualTo(alone);
    }

    @Test
    void severalPicturesOfOneNameHaveTheirSeedBehindIt() {
        CommandRun run = CommandRun.of(
                "an apple",
                "--size",
                "64x64",
                "--steps",
                "1",
                "--seed",
                "1",
                "--count",
                "2",
                "--out",
                folder.resolve("new/apple.png").toString());

        assertThat(run.status()).isZero();
        assertThat(folder.resolve("new").toFile().list()).containsExactlyInAnyOrder("apple-1.png", "apple-2.png");
    }

    @Test
    void anInterruptLeavesNothingBehind() {
        Interrupt interrupt = new Interrupt();
        interrupt.ask();

        CommandRun run = CommandRun.of(interrupt, "an apple", "--out", folder.toString());

        assertThat(run.status()).isEqualTo(130);
        assertThat(run.err()).isEqualToIgnoringNewLines("aquarelle: stopped");
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--size       | 100x64     | 2 | width: expected a multiple of 8",
                "--size       | 64         | 2 | expected WIDTHxHEIGHT",
                "--size       | 0x64       | 2 | width: expected",
                "--steps      | 0          | 2 | steps: expected",
                "--steps      | 1001       | 2 | steps: expected",
                "--steps      | many       | 2 | 'many' is not a whole number",
                "--steps      | 5.5        | 2 | '5.5' is not a whole number",
                "--steps      | 9999999999 | 2 | 9999999999 is too large a number",
                "--guidance   | NaN        | 2 | expected",
                "--guidance   | much       | 2 | 'much' is not a number",
                "--size       | 8000000x8  | 2 | width: expected 8 to 16384, found 8000000",
                "--size       | 8x99999999999 | 2 | 99999999999 pixels are too many",
                "--sampler    | magic      | 2 | magic",
                "--seed       | -1         | 2 | --seed: expected 0 or more",
                "--seed       | 9223372036854775808 | 2 | 9223372036854775808 is too large a number",
                "--batch      | 0          | 2 | batch: expected",
                "--batch      | 100        | 2 | batch: expected",
                "--count      | 0          | 2 | --count: expected 1 or more",
                "--threads    | -3         | 2 | threads: expected",
                "--clip-skip  | 99         | 2 | clipSkip: expected",
                "--guidance-rescale | 2    | 2 | guidanceRescale: expected 0 to 1, found 2.0",
                "--vae        | /nowhere   | 1 | /nowhere",
                "--prediction | noise      | 2 | --prediction",
                "--backend    | abacus     | 2 | --backend: expected one of",
                "--model      | /nowhere   | 1 | /nowhere",
                "--model      | \"\"         | 2 | --model': expected a path, found nothing",
                "--model      | M\ufffdrz | 2 | expected a path, found bytes that are no letters",
                "--out        | M\ufffdrz.png | 2 | expected a path, found bytes that are no letters",
                "--negative   | M\ufffdrz | 2 | the negative prompt: expected text, found bytes",
                "--out        | a.jpg      | 2 | --out: expected a folder or a name ending in .png",
                "--max-memory | much       | 2 | expected an amount such as 4G",
                "--max-memory | 1K         | 2 | --max-memory: expected more than the 200 MiB that the JVM takes for"
                        + " itself, found 1 MiB",
                "--max-memory | 201M       | 1 | but only 1.0 MiB may be used; ",
                "--vae-tiling | 7          | 2 | VAE tiling: expected a tile of a multiple of 4 from 8 to 2048"
                        + " latents, found 7",
                "--vae-tiling | magic      | 2 | VAE tiling: expected auto, off or a size, found 'magic'",
                "--colour     | blue       | 2 | Unknown option",
            })
    void whatMakesNoSenseIsRefusedInASentence(String option, String value, int status, String message) {
        CommandRun run = CommandRun.of("an apple", option, value);

        assertThat(run.status()).isEqualTo(status);
        assertThat(run.err()).startsWith("aquarelle: ").contains(message).doesNotContain("\tat ");
        assertThat(run.err().lines().count()).isLessThanOrEqualTo(2);
    }

    @Test
    void aDryRunSaysWhatItWouldTakeAndMakesNothing() {
        CommandRun run = CommandRun.of(
                "an owl", "--dry-run", "--vae-tiling", "8", "--size", "128x128", "--out", folder.toString());

        assertThat(run.status()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .containsPattern("denoiser +\\d+ MiB")
                .contains("in tiles of 8 latents", "all programs at once", "not counted")
                .containsPattern("least that would do +2\\d\\d MiB, as --max-memory");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void manyLargePicturesInTheJavaHeapAreCountedToo() {
        String plan = manyLarge("999G").out();
        long jvm = Long.parseLong(plan.replaceAll("(?s).*JVM +(\\d+) MiB.*", "$1"));
        long inAll = Long.parseLong(plan.replaceAll("(?s).*in all +(\\d+) MiB.*", "$1"));
        CommandRun refused = manyLarge(inAll - 2 + "M");

        assertThat(jvm).isGreaterThan(250);
        assertThat(plan).containsPattern("pictures %d MiB".formatted(jvm - 170));
        assertThat(manyLarge(inAll + "M").status()).isZero();
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.err()).contains("with the JVM's %d MiB, latents".formatted(jvm));
    }

    private static CommandRun manyLarge(String limit) {
        return CommandRun.of(
                "an owl",
                "--dry-run",
                "--vae-tiling",
                "off",
                "--size",
                "512x512",
                "--batch",
                "64",
                "--max-memory",
                limit);
    }

    @Test
    void underALimitItSaysWhatItTakesAndTheFileSaysWhatWasDone() throws IOException {
        CommandRun refused = large("205M");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.err()).contains(" would do, which is --max-memory ");
        String least = refused.err().replaceAll("(?s).*--max-memory (\\d+)M.*", "$1") + "M";

        CommandRun run = large(least);

        assertThat(run.status()).isZero();
        assertThat(run.err())
                .containsPattern("^memory: 2\\d\\d MiB, of which 200 MiB by the JVM, .* in tiles of 16 latents; ");
        Path file = folder.resolve("an-owl-7.png");
        assertThat(Png.readTexts(file).get(Png.PARAMETERS)).contains("VAE tiling: 16");
    }

    private CommandRun large(String limit) {
        return CommandRun.of(
                "an owl",
                "--seed",
                "7",
                "--steps",
                "1",
                "--size",
                "256x256",
                "--max-memory",
                limit,
                "--out",
                folder.toString());
    }

    @Test
    void aPromptIsNeededAndNoMoreThanOne() {
        assertThat(CommandRun.of().status()).isEqualTo(2);
        assertThat(CommandRun.of("").err()).contains("prompt");
        assertThat(CommandRun.of("").status()).isEqualTo(2);
        assertThat(CommandRun.of("a", "red", "apple").err()).contains("quotes");
        assertThat(CommandRun.of("x".repeat(20_001)).status()).isEqualTo(2);
        assertThat(CommandRun.of("x", "-n", "x".repeat(20_001)).err())
                .contains("the negative prompt: expected at most 20000 characters, found 20001");
        assertThat(CommandRun.of("caf\ufffd\ufffd").err()).contains("the prompt: expected text, found bytes");
        assertThat(CommandRun.of("caf\ufffd\ufffd").status()).isEqualTo(2);
    }

    @Test
    void theSeedOfTheLastPictureIsOneToo() {
        String last = Long.toString(Long.MAX_VALUE);

        CommandRun two = CommandRun.of("x", "--seed", last, "--count", "2");

        assertThat(two.status()).isEqualTo(2);
        assertThat(two.err()).contains("--seed: expected at most 9223372036854775806, so that the last of 2");
        assertThat(paint("--seed=" + last).out()).contains("a-red-apple-9223372036854775807.png");
    }

    @Test
    void optionsTakeTheirValueBehindAnEqualsSignToo() {
        CommandRun run = CommandRun.of(
                "an apple", "--size=64x64", "-s=1", "--seed=5", "--guidance=2.5", "--out=" + folder.resolve("a=b.png"));

        assertThat(run.err()).isEmpty();
        assertThat(folder.toFile().list()).containsExactly("a=b.png");
    }

    @Test
    void whatASamplerRefusesIsSaidBeforeTheModelIsLoaded() {
        CommandRun run = CommandRun.of("x", "--model", "/nowhere", "--sampler", "lcm", "--steps", "51");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("expected at most 50 steps");
    }

    @Test
    void progressTellsWhichPicturesOfAll() {
        assertThat(Painting.task(1, 1, 1)).isEqualTo("Painting");
        assertThat(Painting.task(3, 3, 8)).isEqualTo("Painting 3 of 8");
        assertThat(Painting.task(5, 8, 8)).isEqualTo("Painting 5-8 of 8");
    }

    @Test
    void aPictureThatCannotBeWrittenIsSaidByItsNameAndLeavesNothing() throws IOException {
        Path folderOfThisName = Files.createDirectory(folder.resolve("a-red-apple-7.png"));
        Files.writeString(folderOfThisName.resolve("mine"), "mine");

        CommandRun run = paint("--seed", "7", "--force");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).startsWith("aquarelle: " + folderOfThisName + ": cannot be written: ");
        assertThat(run.err()).doesNotContain(".part", "--force");
        assertThat(folder.toFile().list()).containsExactly("a-red-apple-7.png");
    }

    @Test
    void aFullHeapIsASentence() {
        StringWriter err = new StringWriter();
        CommandLine line = new CommandLine(CommandSpec.create()).setErr(new PrintWriter(err, true));
        line.setExecutionStrategy(_ -> {
            throw new OutOfMemoryError("Java heap space");
        });

        assertThat(Aquarelle.execute(line)).isEqualTo(1);
        assertThat(err.toString())
                .matches("aquarelle: the Java heap of \\d+ MiB is full; java -Xmx gives it more, .*\\R");
    }

    @Test
    void resultsThatNobodyGotAreAFailure() {
        StringWriter err = new StringWriter();
        CommandLine line = Aquarelle.commandLine(Terminal.NONE, new Interrupt())
                .setOut(new PrintWriter(new FullDisk(), false, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err, true));

        assertThat(Aquarelle.execute(line, "backends")).isEqualTo(1);
        assertThat(err.toString()).isEqualToIgnoringNewLines("aquarelle: standard output cannot be written to");
    }

    private static final class FullDisk extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            throw new IOException("No space left on device");
        }
    }

    @Test
    void stackTracesAreForTheVerbose() {
        assertThat(CommandRun.of("an apple", "--model", "/nowhere", "--verbose").err())
                .contains("\tat ");
    }

    @Test
    void helpHasExamplesAndFitsATerminal() {
        CommandRun run = CommandRun.of("--help");

        assertThat(run.status()).isZero();
        assertThat(run.out())
                .contains("aquarelle \"a red apple\"", "--sampler", "conformance", "backends", "Exit status");
        assertThat(run.out()).contains("What computes: gpu, cpu, reference;");
        assertThat(run.out().lines()).allMatch(line -> line.length() <= 80);
        assertThat(CommandRun.of("--version").out()).startsWith("Aquarelle");
        assertThat(CommandRun.of("backends").out()).contains("cpu", "reference");
    }
}
