package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models whose files are of diffusers' first releases make the pictures that diffusers makes of them. */
class OldModelTest {
    private static final TextToImage REQUEST =
            TextToImage.builder("an owl").size(64, 48).steps(3).seed(7).build();

    @TempDir
    private Path folder;

    private static GeneratedImage picture(ModelCopy model, String sampler) throws IOException {
        Files.writeString(model.folder().resolve("generation_config.json"), "{\"sampler\": \"%s\"}".formatted(sampler));
        try (StableDiffusion engine = StableDiffusion.load(model.folder())) {
            return engine.generate(REQUEST).getFirst();
        }
    }

    @ParameterizedTest(name = "sampler \"{0}\"")
    @ValueSource(strings = {"", "euler", "pndm"}) // the model's own scheduler, and two that are made after it
    void theStepsOffsetIsOneAndNothingIsClippedWhateverTheSchedulersFileSays(String sampler) throws IOException {
        ModelCopy model = ModelCopy.in(folder);
        GeneratedImage expected = picture(model, sampler);

        model.replace("scheduler/scheduler_config.json", "\"steps_offset\": 1,", "");
        model.replace("scheduler/scheduler_config.json", "\"clip_sample\": false", "\"clip_sample\": true");

        assertThat(picture(model, sampler).image()).isEqualTo(expected.image());
    }

    @Test
    void aSmallSampleSizeIsNotBelieved() throws IOException {
        ModelCopy model = ModelCopy.in(folder)
                .replace("unet/config.json", "\"_diffusers_version\": \"0.42.1\"", "\"_diffusers_version\": \"0.6.0\"");
        Files.delete(folder.resolve("generation_config.json"));

        try (StableDiffusion engine = StableDiffusion.load(model.folder())) {
            assertThat(engine.defaults().width()).isEqualTo(64 * 8);
        }
    }
}
