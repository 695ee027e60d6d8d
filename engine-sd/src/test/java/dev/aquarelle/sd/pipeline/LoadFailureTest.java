package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.checkpoint.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model that cannot be used is refused when it is loaded, and leaves nothing open. */
class LoadFailureTest {
    private static final int VAE_WIDTH = 32; // of the demo model's outermost level

    @TempDir
    private Path folder;

    private final CountingBackend backend = new CountingBackend("cpu");
    private ModelCopy model;

    @BeforeEach
    void copyTheModel() throws IOException {
        model = ModelCopy.in(folder);
    }

    @AfterEach
    void closeBackend() {
        backend.close();
    }

    private void assertRefused(String... parts) {
        assertThatThrownBy(() -> new StableDiffusion(ModelFolder.open(folder), backend, EngineOptions.DEFAULT))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll(parts);
        assertThat(backend.open).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"unet", "vae"})
    void aPartBeforeAnythingIsCompiled(String part) throws IOException {
        Files.delete(folder.resolve(part).resolve("config.json"));

        assertRefused(part, "config.json: the file is missing");
        assertThat(backend.compiled).isZero();
    }

    @Test
    void theDefaultsBehindTheModel() throws IOException {
        Files.writeString(folder.resolve("generation_config.json"), "{\"steps\": 0}");

        assertRefused("generation_config.json: steps: expected an integer from 1 to 1000, found 0");
    }

    @Test
    void anAutoencoderOfSomethingElseThanColors() throws IOException {
        model.replace("vae/config.json", "\"out_channels\": 3", "\"out_channels\": 1")
                .zeros("vae", "decoder.conv_out.weight", 1, VAE_WIDTH, 3, 3)
                .zeros("vae", "decoder.conv_out.bias", 1);

        assertRefused("vae: out_channels: expected 3, red, green and blue, found 1");
    }

    @Test
    void aDenoiserThatPredictsVariancesToo() throws IOException {
        model.replace("unet/config.json", "\"out_channels\": 4", "\"out_channels\": 8")
                .zeros("unet", "conv_out.weight", 8, 96, 3, 3)
                .zeros("unet", "conv_out.bias", 8);

        assertRefused("unet: out_channels: expected 4, as the autoencoder has latent channels, found 8");
    }

    @Test
    void aDenoiserThatSeesSomethingUnknown() throws IOException {
        model.seeing(7);

        assertRefused("unet: in_channels: expected 4 latent channels, or with those of a picture 8, or of a mask too 9,"
                + " found 7");
    }

    @Test
    void aTensorThatDoesNotFitTheConfiguration() throws IOException {
        model.replace("unet/config.json", "\"out_channels\": 4", "\"out_channels\": 8");

        assertThatThrownBy(() -> new DiffusionModel(new ModelFolder(folder), backend, MemoryBudget.UNLIMITED))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining("conv_out.weight: expected [8, 96, 3, 3]");
        assertThat(backend.open).isZero();
    }
}
