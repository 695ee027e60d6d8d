package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.demo.DemoModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models with something wrong: the command ends with status 1 and one short sentence of ours. */
class BrokenModelTest {
    private static final String LFS_POINTER = """
        version https://git-lfs.github.com/spec/v1
        oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
        size 12345
        """;

    @TempDir
    Path folder;

    @BeforeEach
    void copyTheDemoModel() throws IOException {
        try (var files = Files.walk(DemoModel.path())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = folder.resolve(DemoModel.path().relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
    }

    private CommandRun paintWith(String file, String content) throws IOException {
        Path broken = folder.resolve(file);
        Files.writeString(broken, content);
        return CommandRun.of("an apple", "--model", folder.toString(), "--out", folder.toString());
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "scheduler/scheduler_config.json | {} | scheduler",
                "scheduler/scheduler_config.json | {\"_class_name\": \"Magic\"} | unknown scheduler Magic",
                "scheduler/scheduler_config.json | {\"_class_name\": \"DDIMScheduler\", \"beta_start\": -3} |"
                        + " beta_start",
                "scheduler/scheduler_config.json | {\"a\": | not valid JSON at line 1 column 6",
                "unet/config.json | {'a': 1} | not valid JSON at line 1 column 3",
                "model_index.json | nonsense | not valid JSON at line 1 column 1",
                "tokenizer/vocab.json | {\"a\": 1,, | not the JSON that was expected (malformed at line 1",
            })
    void isNoFaultOfTheCommandLine(String file, String content, String message) throws IOException {
        CommandRun run = paintWith(file, content);

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).startsWith("aquarelle: ").contains(message).doesNotContain("gson", "JsonReader", "\tat ");
        assertThat(run.err().lines()).hasSize(1);
    }

    @Test
    void deepNestingHasAShortMessage() throws IOException {
        String deep = "[".repeat(100_000);

        CommandRun config = paintWith("unet/config.json", "{\"a\": " + deep);
        CommandRun tokens = paintWith("tokenizer/tokenizer_config.json", "{\"a\": " + deep);

        assertThat(config.err())
                .hasSizeLessThan(300)
                .contains("not valid JSON at line 1")
                .doesNotContain("gson");
        assertThat(tokens.err()).hasSizeLessThan(300).doesNotContain("gson");
    }

    @Test
    void aPointerOfGitLfsIsKnown() throws IOException {
        CommandRun json = paintWith("vae/config.json", LFS_POINTER);
        CommandRun tensors = CommandRun.of(
                "inspect",
                Files.writeString(folder.resolve("pointer"), LFS_POINTER).toString());

        assertThat(json.err()).contains("'git lfs pull' fetches the file");
        assertThat(tensors.err()).contains("'git lfs pull' fetches the file");
    }

    @Test
    void aModelWithoutAPartIsRefused() throws IOException {
        Files.delete(folder.resolve("unet/config.json"));

        CommandRun run = CommandRun.of("an apple", "--model", folder.toString());

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("unet").doesNotContain("\tat ");
    }
}
