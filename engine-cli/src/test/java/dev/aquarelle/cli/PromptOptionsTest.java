package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts with marks on the command line. */
class PromptOptionsTest {
    @TempDir
    Path folder;

    private CommandRun paint(String prompt, String name, String... more) {
        List<String> args = new ArrayList<>(List.of(prompt, "--size", "64x64", "--steps", "2", "--seed", "7"));
        args.addAll(List.of("--out", folder.resolve(name).toString()));
        args.addAll(List.of(more));
        return CommandRun.of(args.toArray(String[]::new));
    }

    private Image picture(String prompt, String name, String... more) throws IOException {
        assertThat(paint(prompt, name, more).status()).isZero();
        return Png.read(folder.resolve(name));
    }

    private GenerationParameters parameters(String name) throws IOException {
        return GenerationParameters.parse(Png.readTexts(folder.resolve(name)).get(Png.PARAMETERS));
    }

    @Test
    void marksCountUnlessTheStyleIsPlain() throws IOException {
        Image weighted = picture("an (owl:1.4) in [snow:fire:0.5]", "weighted.png");
        Image plain = picture("an (owl:1.4) in [snow:fire:0.5]", "plain.png", "--prompt-style", "plain");

        assertThat(weighted).isNotEqualTo(plain);
        assertThat(picture("an owl", "a.png")).isEqualTo(picture("an owl", "b.png", "--prompt-style", "plain"));
        assertThat(parameters("weighted.png").prompt()).isEqualTo("an (owl:1.4) in [snow:fire:0.5]");
        assertThat(parameters("weighted.png").values()).doesNotContainKey("Prompt style");
        assertThat(parameters("plain.png").values()).containsEntry("Prompt style", "plain");
    }

    @Test
    void aStyleThatThereIsNotIsRefused() {
        CommandRun run = paint("an owl", "a.png", "--prompt-style", "verse");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("--prompt-style': expected webui or plain, found 'verse'");
    }

    @Test
    void aLoraThatThereIsNotIsRefusedWithTheNearestNames() throws IOException {
        Path loras = Files.createDirectories(folder.resolve("loras"));
        for (String name : List.of("watercolor", "ink", "oil", "water")) {
            Files.createFile(loras.resolve(name + ".safetensors"));
        }
        CommandRun run = paint("an owl <lora:Waterolor:0.8>", "a.png", "--lora-dir", loras.toString());

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err())
                .isEqualToIgnoringNewLines("aquarelle: prompt: <lora:Waterolor>: expected Waterolor.safetensors in "
                        + loras + ", found among others watercolor, water, oil");
        assertThat(folder.resolve("a.png")).doesNotExist();
    }

    @Test
    void theLorasAreBesideTheModelsNames() {
        assertThat(new ModelRegistry(Path.of("home", "models.json")).loraFolder())
                .isEqualTo(Path.of("home", "loras"));
    }
}
