package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.checkpoint.FileHashes;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.lora.LoraWeight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AddOnParametersTest {
    private static final Image WHITE = Image.of(1, 1, new byte[] {-1, -1, -1});
    private static final Image BLACK = Image.of(1, 1, new byte[] {0, 0, 0});

    @TempDir
    private Path folder;

    /** Files in the folder, and the two pictures. */
    private final ReplayFiles files = new ReplayFiles() {
        @Override
        public Path file(String what, String name) {
            return folder.resolve(name + ".safetensors");
        }

        @Override
        public Image picture(String what, String sha256) {
            for (Image image : List.of(WHITE, BLACK)) {
                if (!sha256.isEmpty() && image.sha256().startsWith(sha256)) {
                    return image;
                }
            }
            throw new IllegalArgumentException(what + ": no picture " + sha256);
        }
    };

    private Path file(String name) {
        return folder.resolve(name + ".safetensors");
    }

    private AddOns all() {
        return AddOns.NONE
                .with(new Lora(
                        file("a: style, \"old\""), LoraWeight.of(0.8, -0.1).withBlocks(Map.of("up_blocks.1", 0.5))))
                .with(new Lora(file("b"), LoraWeight.of(1 / 3.0)))
                .withEmbedding(file("word"))
                .withControlNet(new Control(file("canny"), WHITE, 0.7, 0.1, 0.9))
                .withControlNet(Control.of(file("depth"), BLACK))
                .withGuessMode(true)
                .withAdapter(Control.of(file("sketch"), WHITE))
                .with(new ImagePrompt(file("plus"), file("vit"), List.of(BLACK, WHITE), 0.6));
    }

    private static SequencedMap<String, String> written(AddOns addOns, FileHashes hashes) {
        SequencedMap<String, String> values = new LinkedHashMap<>();
        values.put("Steps", "1");
        values.put("Seed", "2");
        AddOnParameters.put(values, addOns, hashes);
        if (hashes.isOn()) {
            AddOnParameters.putLoraHashes(values, addOns.loras(), hashes);
        }
        return values;
    }

    @Test
    void whatIsWrittenIsReadAgain() {
        String text = new GenerationParameters("an owl", "", written(all(), FileHashes.NONE)).toText();
        ParameterReader values =
                new ParameterReader(GenerationParameters.parse(text).values());

        assertThat(AddOnParameters.takenFrom(values, files)).isEqualTo(all());
        assertThat(values.left()).containsExactly("Steps", "Seed");
    }

    @Test
    void nothingIsWrittenOfNothing() {
        assertThat(written(AddOns.NONE, FileHashes.NONE)).containsOnlyKeys("Steps", "Seed");
    }

    /** {@code printf abc | sha256sum} begins with ba7816bf8f, {@code printf '\0\0\x80\x3f' | sha256sum} with e00e5eb94441. */
    @Test
    void hashesAreThoseOfTheWebInterface() throws IOException {
        new SafetensorsWriter().add("up.weight", Tensor.of(new float[] {1}, 1)).write(file("style"));
        Files.writeString(file("word"), "abc");
        AddOns addOns = AddOns.NONE
                .with(new Lora(file("style"), LoraWeight.of(1)))
                .withEmbedding(file("word"))
                .withControlNet(Control.of(file("word"), WHITE));

        assertThat(written(addOns, FileHashes.keptIn(folder.resolve("hashes.json"))))
                .containsEntry("Lora hashes", "style: e00e5eb94441")
                .containsEntry("TI hashes", "word: ba7816bf8f")
                .hasEntrySatisfying(
                        "ControlNet 0",
                        text -> assertThat(text)
                                .startsWith("Model: word, Hash: ba7816bf8f, Weight: 1.0, Guidance Start: 0.0, Guidance"
                                        + " End: 1.0, "));
    }

    /** As the extension of the web interface writes them, which does not say of what picture. */
    @Test
    void aFileOfTheWebInterfaceNeedsItsPicture() {
        ParameterReader values = new ParameterReader(Map.of(
                "ControlNet 0", "Module: none, Model: control_v11p_sd15_canny [d14c016b], Weight: 1, Guidance End: 1"));

        assertThatThrownBy(() -> AddOnParameters.takenFrom(values, files))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the ControlNet's picture: no picture ");
    }

    @Test
    void brokenNumbersAreNamed() {
        ParameterReader values = new ParameterReader(Map.of("Lora 0", "Model: b, Weight: much"));

        assertThatThrownBy(() -> AddOnParameters.takenFrom(values, files))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parameters: Weight: expected a number, found much");
    }
}
