package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.checkpoint.LdmFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code aquarelle models}, and what {@code --model} makes of a name; in the build, names are kept below {@code target}. */
class ModelsCommandTest {
    private static final Path DEMO = DemoModel.path();

    @TempDir
    Path folder;

    private Path checkpoint;

    @BeforeEach
    void writeCheckpoint() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            checkpoint = new LdmFile()
                    .unet(Weights.open(DEMO.resolve("unet"), arena), 1)
                    .vae(Weights.open(DEMO.resolve("vae"), arena), 4)
                    .clip(Weights.open(DEMO.resolve("text_encoder"), arena), "cond_stage_model.transformer.")
                    .write(folder.resolve("demo.safetensors"));
        }
    }

    @AfterEach
    void forget() {
        CommandRun.of("models", "remove", "test-demo");
        CommandRun.of("models", "remove", "test-file");
    }

    private static CommandRun good(String... args) {
        CommandRun run = CommandRun.of(args);
        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        return run;
    }

    @Test
    void modelsAreAddedListedInspectedAndRemoved() {
        assertThat(good("models", "add", "test-demo", DEMO.toString()).out())
                .isEqualTo("test-demo: folder of a StableDiffusionPipeline, %s%n".formatted(DEMO));
        assertThat(good("models", "add", "test-file", checkpoint.toString()).out())
                .contains("test-file: single-file checkpoint of Stable Diffusion 1, ");

        assertThat(good("models", "list").out().lines()).contains("test-demo  " + DEMO, "test-file  " + checkpoint);
        String folderParts = good("models", "inspect", "test-demo").out();
        String fileParts = good("models", "inspect", checkpoint.toString()).out();
        assertThat(fileParts)
                .startsWith(checkpoint + ": single-file checkpoint of Stable Diffusion 1")
                .containsPattern("scheduler +PNDMScheduler");
        for (String part : new String[] {"text_encoder", "unet", "vae"}) {
            String line = folderParts
                    .lines()
                    .filter(l -> l.strip().startsWith(part + " "))
                    .findFirst()
                    .orElseThrow();
            assertThat(fileParts.lines()).contains(line);
        }

        CommandRun again = CommandRun.of("models", "add", "test-file", DEMO.toString());
        assertThat(again.status()).isEqualTo(1);
        assertThat(again.err()).contains("test-file is the name of " + checkpoint + "; --force");
        good("models", "add", "--force", "test-file", DEMO.toString());
        good("models", "remove", "test-file");
        assertThat(good("models", "list").out()).doesNotContain("test-file");
    }

    @Test
    void aNameIsTakenAsAModelEverywhere() {
        good("models", "add", "test-demo", DEMO.toString());
        Path picture = folder.resolve("owl.png");

        CommandRun painted = CommandRun.of(
                "an owl",
                "--model",
                "test-demo",
                "--size",
                "64x64",
                "--steps",
                "1",
                "--seed",
                "1",
                "-o",
                picture.toString());
        assertThat(painted.status()).as(painted.err()).isZero();
        assertThat(picture).exists();
        assertThat(good(
                                "bench",
                                "-m",
                                "test-demo",
                                "--what",
                                "text",
                                "--rounds",
                                "1",
                                "--warm-up",
                                "0",
                                "--size",
                                "64x64")
                        .out())
                .contains("text encoder");
    }

    @Test
    void whatIsNoModelIsNotAdded() throws IOException {
        Path other = Files.writeString(folder.resolve("a.gguf"), "GGUF....");

        CommandRun run = CommandRun.of("models", "add", "test-file", other.toString());

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err())
                .contains("a.gguf: expected a checkpoint of Stable Diffusion 1, 2 or SDXL, found: GGUF file");
        assertThat(good("models", "list").out()).doesNotContain("test-file");
        assertThat(CommandRun.of("inspect", other.toString()).err())
                .contains("a.gguf: expected a safetensors file, found: GGUF file");
        assertThat(good("inspect", "--summary", checkpoint.toString()).out())
                .startsWith(checkpoint + ": single-file checkpoint of Stable Diffusion 1");
        assertThat(CommandRun.of("models").status()).isEqualTo(2);
        assertThat(CommandRun.of("an owl", "--model", "no-such-model").err())
                .contains("no-such-model: expected a model's folder");
    }
}
