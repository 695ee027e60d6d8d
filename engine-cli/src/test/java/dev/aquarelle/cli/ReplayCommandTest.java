package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures of the demo model made again by the command. */
class ReplayCommandTest {
    @TempDir
    Path folder;

    private Path picture;

    @BeforeEach
    void paint() {
        picture = folder.resolve("owl.png");
        run("an owl", "--seed", "3", "--steps", "2", "--size", "64x64", "--out", picture.toString());
    }

    private static CommandRun run(String... args) {
        CommandRun run = CommandRun.of(args);
        assertThat(run.status()).as(run.err()).isZero();
        return run;
    }

    private CommandRun replay(Path file, String... more) {
        List<String> args = new ArrayList<>(List.of("replay", file.toString(), "--out"));
        args.add(folder.resolve("again.png").toString());
        args.addAll(Arrays.asList(more));
        return CommandRun.of(args.toArray(String[]::new));
    }

    private Path changed(String name, String value) throws IOException {
        GenerationParameters then =
                GenerationParameters.parse(Png.readTexts(picture).get(Png.PARAMETERS));
        SequencedMap<String, String> values = new LinkedHashMap<>(then.values());
        values.put(name, value);
        Path file = folder.resolve("changed.png");
        Png.write(
                file,
                Png.read(picture),
                new GenerationParameters(then.prompt(), then.negativePrompt(), values),
                Png.IfExists.FAIL);
        return file;
    }

    @Test
    void thePictureIsTheSameToTheByte() throws IOException {
        CommandRun run = replay(picture);

        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out()).endsWith("the same to the byte\n");
        assertThat(folder.resolve("again.png")).hasSameBinaryContentAs(picture);
    }

    @Test
    void aPictureThatItWasMadeFromIsFoundByItsPixels() throws IOException {
        Path other = folder.resolve("fox.png");
        run("a fox", "--image", picture.toString(), "--strength", "0.5", "--steps", "4", "--out", other.toString());
        Path elsewhere = Files.createDirectories(folder.resolve("pictures")).resolve("source.png");
        Files.move(picture, elsewhere);
        Files.writeString(folder.resolve("broken.png"), "not a picture");

        CommandRun missing = replay(other);
        CommandRun found = replay(other, "--search", elsewhere.getParent().toString());

        assertThat(missing.status()).isEqualTo(2);
        assertThat(missing.err())
                .contains("the picture that it was made from, of the hash ")
                .contains(": --image names it");
        assertThat(found.out()).endsWith("the same to the byte\n");
    }

    /** In a folder that also has a folder of pictures of the same name. */
    @Test
    void aLoraOfThePromptIsFoundByItsName() throws IOException {
        Path loras = Files.createDirectories(folder.resolve("loras"));
        Files.createDirectories(loras.resolve("a/ink"));
        lora(Files.createDirectories(loras.resolve("b")).resolve("ink.safetensors"));
        Path other = folder.resolve("ink.png");
        run(
                "an owl <lora:ink:0.8>",
                "--lora-dir",
                loras.toString(),
                "--seed",
                "3",
                "--steps",
                "2",
                "--size",
                "64x64",
                "--out",
                other.toString());

        CommandRun run = replay(other, "--search", loras.toString());

        assertThat(Png.read(other)).isNotEqualTo(Png.read(picture));
        assertThat(Png.readTexts(other).get(Png.PARAMETERS)).containsPattern("Lora hashes: \"ink: [0-9a-f]{12}\"");
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out()).endsWith("the same to the byte\n");
    }

    /** One that changes the denoiser's first query. */
    private static void lora(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Weights unet = Weights.open(DemoModel.path().resolve("unet"), arena);
            String layer = unet.names().stream()
                    .filter(name -> name.endsWith("attn1.to_q.weight"))
                    .findFirst()
                    .orElseThrow()
                    .replace(".weight", "");
            Shape shape = unet.info(layer + ".weight").shape();
            float[] up = new float[shape.dim(0)];
            float[] down = new float[shape.dim(1)];
            Arrays.fill(up, 1);
            Arrays.fill(down, 0.5f);
            String name = "lora_unet_" + layer.replace('.', '_');
            new SafetensorsWriter()
                    .add(name + ".lora_up.weight", Tensor.of(up, shape.dim(0), 1))
                    .add(name + ".lora_down.weight", Tensor.of(down, 1, shape.dim(1)))
                    .write(file);
        }
    }

    @Test
    void anotherSeedIsAnotherPicture() throws IOException {
        CommandRun run = replay(changed("Seed", "4"));

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).containsPattern("not the same: \\d+ of 12288 values differ, by \\d+ of 255 at most");
    }

    @Test
    void whatIsNotTheSameHereIsSaidBefore() throws IOException {
        CommandRun run = replay(changed("Model hash", "0123456789"));

        assertThat(run.err()).containsPattern("differs: Model hash: 0123456789 in the picture, [0-9a-f]{10} here");
        assertThat(run.status()).isZero();
        assertThat(run.out()).endsWith("the same pixels, in a file that differs\n");
    }

    @Test
    void whatMeansNothingHereIsSaid() throws IOException {
        CommandRun run = replay(changed("Tiling", "True"));

        assertThat(run.err()).contains("not understood: Tiling: True");
    }

    @Test
    void aModelThatIsNotHereIsNamed() throws IOException {
        CommandRun run = replay(changed("Model", "dreams-v7"));

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("the model 'dreams-v7'").contains("--model");
        assertThat(folder.resolve("again.png")).doesNotExist();
    }

    @Test
    void aPictureWithoutParametersIsRefused() throws IOException {
        Path bare = folder.resolve("bare.png");
        Png.write(
                bare,
                Image.of(1, 1, new byte[3]),
                new GenerationParameters("", "", new LinkedHashMap<>()),
                Png.IfExists.FAIL);

        CommandRun run = replay(bare);

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("bare.png").contains("parameters");
    }
}
