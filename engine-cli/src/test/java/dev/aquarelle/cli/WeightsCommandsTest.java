package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.weights.Inspection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code inspect}, {@code convert}, {@code compare} and {@code synth} print, and how they refuse. */
class WeightsCommandsTest {
    @TempDir
    Path folder;

    private Path first;

    @BeforeEach
    void writeFile() throws IOException {
        first = folder.resolve("first.safetensors");
        new SafetensorsWriter()
                .metadata("format", "pt")
                .metadata("title", "red\u001b[31m")
                .add("w", Tensor.of(new float[] {1, 2, 70000}, 3))
                .add("bias", Tensor.of(new float[] {0.5f}, 1))
                .write(first);
    }

    @Test
    void inspectListsTensorsAndTotals() {
        CommandRun run = CommandRun.of("inspect", first.toString());

        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(run.out())
                .contains(first + ": unknown")
                .contains("  format: pt")
                .contains("  title: red\\u001b[31m")
                .containsPattern("  w     F32 +\\[3] +12 bytes")
                .containsPattern("  bias  F32 +\\[1] +4 bytes")
                .containsPattern("total +2 tensors +4 parameters +16 bytes");
        assertThat(CommandRun.of("inspect", "--summary", first.toString()).out())
                .doesNotContain("bias");
    }

    @Test
    void inspectOfAWholeModelShowsItsParts() throws IOException {
        Files.writeString(folder.resolve("model_index.json"), "{}");
        Path vae = Files.createDirectory(folder.resolve("vae"));
        Files.copy(first, vae.resolve("diffusion_pytorch_model.safetensors"));

        assertThat(CommandRun.of("inspect", folder.toString()).out())
                .startsWith(vae.resolve("diffusion_pytorch_model.safetensors") + ": unknown");
    }

    @Test
    void convertTellsWhatItDidAndWhatDidNotFit() {
        Path second = folder.resolve("second.safetensors");

        CommandRun run = CommandRun.of("convert", first.toString(), second.toString(), "--type", "bf16");
        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(run.out()).contains("2 of 2 tensors converted to BF16, 8 bytes where there were 16");

        CommandRun again = CommandRun.of("convert", first.toString(), second.toString(), "-t", "F16");
        assertThat(again.status()).isEqualTo(1);
        assertThat(again.err()).contains(second + " is there already; --force replaces it");

        CommandRun narrow = CommandRun.of("convert", first.toString(), second.toString(), "-t", "F16", "--force");
        assertThat(narrow.status()).isEqualTo(1);
        assertThat(narrow.err()).contains("warning: w: 1 numbers are beyond the range of F16 and became infinite");
        assertThat(Inspection.of(second).total().bytes()).isEqualTo(8);
    }

    @Test
    void otherTypesAreWrongUsage() {
        CommandRun run =
                CommandRun.of("convert", first.toString(), folder.resolve("x").toString(), "-t", "I8");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("--type: expected F32, F16 or BF16, found I8");
    }

    @Test
    void compareShowsTheWorstFirst() throws IOException {
        Path second = folder.resolve("second.safetensors");
        new SafetensorsWriter()
                .add("w", Tensor.of(new float[] {1, 2, 70001}, 3))
                .add("bias", Tensor.of(new float[] {1}, 1))
                .add("more", Tensor.of(new float[] {1}, 1))
                .write(second);

        CommandRun run = CommandRun.of("compare", first.toString(), second.toString());

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out())
                .containsSubsequence(
                        "only in " + second + ": 1", "  more", "different numbers", "bias [1]", "w [3]", "0 tensors");
        assertThat(CommandRun.of("compare", "-n", "1", first.toString(), second.toString())
                        .out())
                .containsSubsequence("bias [1]", "and 1 more");
        assertThat(CommandRun.of("compare", first.toString(), first.toString()).status())
                .isZero();
    }

    @Test
    void brokenOrMissingFilesAreOneSentence() throws IOException {
        Path text = Files.writeString(folder.resolve("text.safetensors"), "no");

        CommandRun broken = CommandRun.of("inspect", text.toString());
        assertThat(broken.status()).isEqualTo(1);
        assertThat(broken.err().strip())
                .isEqualTo(
                        "aquarelle: %s: expected a header length of 8 bytes, found a file of 2 bytes".formatted(text));
        CommandRun missing = CommandRun.of(
                "compare", first.toString(), folder.resolve("none").toString());
        assertThat(missing.status()).isEqualTo(1);
        assertThat(missing.err().strip())
                .isEqualTo(
                        "aquarelle: %s: expected a safetensors file, found no file".formatted(folder.resolve("none")));
    }

    @Test
    void synthWritesOnlyToANewFolderAndKnowsItsModels() {
        CommandRun full = CommandRun.of("synth", folder.toString());
        assertThat(full.status()).isEqualTo(1);
        assertThat(full.err().strip())
                .isEqualTo("aquarelle: %s: expected a new or empty folder, found one with 1 entries".formatted(folder));

        CommandRun unknown = CommandRun.of("synth", folder.resolve("new").toString(), "--model", "sd9");
        assertThat(unknown.status()).isEqualTo(2);
        assertThat(unknown.err()).contains("--model").contains("SD15").contains("sd9");
    }
}
