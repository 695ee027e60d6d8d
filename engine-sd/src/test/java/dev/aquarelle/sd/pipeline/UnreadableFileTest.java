package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.checkpoint.FileHashes;
import dev.aquarelle.sd.lora.LoraWeight;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that is gone since it was opened, so that it has no hash any more. */
class UnreadableFileTest {

    @Test
    void isRefusedBeforeTheWork(@TempDir Path folder) throws IOException {
        Path lora = DemoAddOns.lora(folder);
        TextToImage request = TextToImage.builder("an owl")
                .size(64, 48)
                .steps(2)
                .seed(7)
                .addOns(AddOns.NONE.with(new Lora(lora, LoraWeight.of(1, 1))))
                .build();
        EngineOptions options = EngineOptions.DEFAULT.with(FileHashes.keptIn(folder.resolve("hashes.json")));
        try (StableDiffusion engine = StableDiffusion.load(DemoModel.path(), options)) {
            assertThat(engine.generate(request).getFirst().parameters().values())
                    .containsKey("Lora hashes");
            Files.delete(lora);

            assertThatThrownBy(() -> engine.generate(request, _ -> {
                        throw new AssertionError("a step was made");
                    }))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("cannot be read");
        }
    }
}
