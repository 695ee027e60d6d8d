package dev.aquarelle.sd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigTest {

    @Test
    void readsEachKindOfField() {
        ModelConfig config = ModelConfig.parse("config.json", """
            {"n": 77, "eps": 1e-05, "flag": true, "act": "gelu", "sizes": [320, 640], "types": ["a", "b"], "gone": null,
             "inner": {"k": 3}}
            """);

        assertThat(config.integer("n", 1, 100)).isEqualTo(77);
        assertThat(config.integer("gone", 1, 100, 5)).isEqualTo(5);
        assertThat(config.number("eps")).isEqualTo(1e-5);
        assertThat(config.bool("flag", false)).isTrue();
        assertThat(config.string("act")).isEqualTo("gelu");
        assertThat(config.integers("sizes", 1, 1000)).containsExactly(320, 640);
        assertThat(config.strings("types")).containsExactly("a", "b");
        assertThat(config.has("gone")).isFalse();
        assertThat(config.object("inner").integer("k", 0, 9)).isEqualTo(3);
    }

    @Test
    void saysWhichFieldOfWhichFileIsWrong() {
        ModelConfig config = ModelConfig.parse(
                "unet/config.json", "{\"n\": 0, \"half\": 0.5, \"eps\": \"small\", \"inner\": {\"k\": []}}");

        assertThatThrownBy(() -> config.integer("n", 1, 100))
                .isInstanceOf(ModelException.class)
                .hasMessage("unet/config.json: n: expected an integer from 1 to 100, found 0");
        assertThatThrownBy(() -> config.integer("half", 0, 100))
                .hasMessage("unet/config.json: half: expected an integer from 0 to 100, found 0.5");
        assertThatThrownBy(() -> config.number("eps"))
                .hasMessage("unet/config.json: eps: expected a finite number, found \"small\"");
        assertThatThrownBy(() -> config.string("absent"))
                .hasMessage("unet/config.json: absent: expected a text, found nothing");
        assertThatThrownBy(() -> config.object("inner").integer("k", 0, 9))
                .hasMessage("unet/config.json: inner: k: expected an integer from 0 to 9, found []");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{", "{'a': 1}", "{\"a\": NaN}", "{} {}"})
    void refusesWhatIsNoJsonObject(String text) {
        assertThatThrownBy(() -> ModelConfig.parse("config.json", text))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("config.json: ");
    }

    @Test
    void refusesFilesThatCannotBeRead(@TempDir Path folder) throws Exception {
        Path absent = folder.resolve("config.json");
        assertThatThrownBy(() -> ModelConfig.read(absent)).hasMessage(absent + ": the file is missing");

        Path binary = folder.resolve("binary.json");
        Files.write(binary, new byte[] {'{', (byte) 0xFF, '}'});
        assertThatThrownBy(() -> ModelConfig.read(binary)).hasMessage(binary + ": the file is not UTF-8 text");
    }

    @Test
    void refusesNestingDeeperThanTheStack() {
        assertThatThrownBy(() -> ModelConfig.parse("config.json", "{\"a\":" + "[".repeat(1_000_000)))
                .isInstanceOf(ModelException.class);
    }
}
