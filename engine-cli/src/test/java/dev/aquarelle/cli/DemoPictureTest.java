package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import dev.aquarelle.sd.pipeline.GeneratedImage;
import dev.aquarelle.sd.pipeline.Latents;
import dev.aquarelle.sd.pipeline.StableDiffusion;
import dev.aquarelle.sd.pipeline.TextToImage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pictures of the demo model, with its own defaults, beside those that diffusers made of it. */
class DemoPictureTest {
    /** Rounding to 8 bit may fall to either side. */
    private static final int LARGEST_DIFFERENCE = 1;

    static List<String> pictures() throws IOException {
        try (Stream<Path> files = Files.list(DemoModel.referencePictures())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".json"))
                    .sorted()
                    .limit(2) // each takes seconds
                    .toList();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pictures")
    void equalsTheReference(String name) throws IOException {
        Path json = DemoModel.referencePictures().resolve(name);
        JsonObject reference = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        JsonObject params = reference.getAsJsonObject("params");
        TextToImage request = TextToImage.builder(
                        params.getAsJsonObject("call").get("prompt").getAsString())
                .seed(params.get("seed").getAsLong())
                .build();
        double limit = reference
                .getAsJsonObject("tolerance")
                .getAsJsonObject("per_step")
                .get("tol_max_abs")
                .getAsDouble();

        try (Arena arena = Arena.ofConfined();
                StableDiffusion engine = StableDiffusion.load(DemoModel.path())) {
            Weights data =
                    Weights.open(json.resolveSibling(reference.get("data").getAsString()), arena);
            Tensor perStep = data.get("mid.latents_per_step");
            List<Integer> steps = new ArrayList<>();
            GeneratedImage made = engine.generate(request, progress -> {
                        steps.add(progress.step());
                        float[] expected = perStep.slice(progress.step() - 1, progress.step())
                                .toFloatArray();
                        float[] actual =
                                Latents.channelsFirst(progress.latents()).toFloatArray();
                        assertThat(largestDifference(actual, expected))
                                .as("%s", progress.step())
                                .isLessThanOrEqualTo(limit);
                    })
                    .getFirst();

            assertThat(steps).hasSize(perStep.shape().dim(0));
            Image expected = Png.read(json.resolveSibling(name.replace(".json", ".png")));
            assertThat(largestDifference(made.image(), expected)).isLessThanOrEqualTo(LARGEST_DIFFERENCE);
        }
    }

    @Test
    void theReadmesSnippetMakesAPicture(@TempDir Path folder) throws IOException {
        Path model = DemoModel.path();
        Path file = folder.resolve("apple.png");
        // snippet: begin
        try (StableDiffusion engine = StableDiffusion.load(model)) {
            TextToImage request = TextToImage.builder("a red apple").seed(7).build();
            GeneratedImage apple = engine.generate(request).getFirst();
            apple.save(file);
        }
        // snippet: end
        assertThat(Png.readTexts(file).get(Png.PARAMETERS)).startsWith("a red apple\nSteps: ");
    }

    /** It is compiled and run above: the same code, but for where the model is and where the picture goes. */
    @Test
    void theReadmesSnippetIsTheOneThatIsTested() throws IOException {
        String test = Files.readString(Path.of("src/test/java/dev/aquarelle/cli/DemoPictureTest.java"));
        String readme = Files.readString(Path.of("../README.md"));

        assertThat(between(readme, "```java", "```")
                        .replace("Path.of(\"stable-diffusion-v1-5\")", "model")
                        .replace("Path.of(\"apple.png\")", "file"))
                .isEqualToIgnoringWhitespace(between(test, "// snippet: begin", "// snippet: end"));
    }

    private static String between(String text, String begin, String end) {
        int from = text.indexOf(begin) + begin.length();
        return text.substring(from, text.indexOf(end, from));
    }

    private static double largestDifference(float[] a, float[] b) {
        assertThat(a).hasSameSizeAs(b);
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }

    private static int largestDifference(Image a, Image b) {
        byte[] one = a.toByteArray();
        byte[] other = b.toByteArray();
        assertThat(one).hasSameSizeAs(other);
        int largest = 0;
        for (int i = 0; i < one.length; i++) {
            largest = Math.max(largest, Math.abs((one[i] & 0xFF) - (other[i] & 0xFF)));
        }
        return largest;
    }
}
