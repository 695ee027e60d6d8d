package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.sd.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders that are no model, or not a whole one, get a sentence that says so. */
class ModelFolderTest {
    @TempDir
    private Path folder;

    private ModelCopy model;

    @BeforeEach
    void copyTheDemoModel() throws IOException {
        model = ModelCopy.in(folder);
    }

    @Test
    void aFolderThatIsNotThere() {
        assertRefused(folder.resolve("nowhere"), "nowhere", "nothing of that name");
    }

    @Test
    void aFileInsteadOfAFolder() {
        assertRefused(
                folder.resolve("model_index.json"),
                "expected a checkpoint of Stable Diffusion 1, 2 or SDXL, found: JSON text");
    }

    @Test
    void aFolderWithoutAnIndex() throws IOException {
        Files.delete(folder.resolve("model_index.json"));
        assertRefused(folder, "found no model_index.json");
    }

    @Test
    void aPipelineOfAnotherKind() throws IOException {
        model.replace("model_index.json", "StableDiffusionPipeline", "FluxPipeline");
        assertRefused(folder, "model_index.json", "StableDiffusionPipeline", "found FluxPipeline");
    }

    @Test
    void anAutoencoderOfAnotherKind() throws IOException {
        model.replace("model_index.json", "AutoencoderKL", "AutoencoderDC");
        assertRefused(folder, "vae", "expected AutoencoderKL or AutoencoderTiny, found AutoencoderDC");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tokenizer", "text_encoder", "unet", "vae", "scheduler"})
    void aMissingPart(String part) throws IOException {
        Files.move(folder.resolve(part), folder.resolve("elsewhere"));
        assertRefused(folder, "the model lacks its folder " + part);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text_encoder", "unet", "vae"})
    void missingWeights(String part) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve(part))) {
            for (Path weights :
                    files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
                Files.delete(weights);
            }
        }
        assertThatThrownBy(() -> StableDiffusion.load(folder))
                .hasMessageContainingAll(part, "found no safetensors file");
    }

    @Test
    void aMisshapenTensor() throws IOException {
        model.replace("unet/config.json", "\"sample_size\": 16", "\"sample_size\": 16, \"conv_in_kernel\": 5");
        model.replace("unet/config.json", "\"conv_in_kernel\": 3,", "");
        assertThatThrownBy(() -> StableDiffusion.load(folder))
                .hasMessageContainingAll("conv_in.weight", "expected [", "5, 5]", "found [", "3, 3]");
    }

    @Test
    void partsThatDoNotBelongTogether() throws IOException {
        model.replace("unet/config.json", "\"in_channels\": 4", "\"in_channels\": 9");
        assertThatThrownBy(() -> StableDiffusion.load(folder)).hasMessageContaining("conv_in.weight");
    }

    private static void assertRefused(Path folder, String... parts) {
        assertThatThrownBy(() -> StableDiffusion.load(folder))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll(parts);
    }
}
