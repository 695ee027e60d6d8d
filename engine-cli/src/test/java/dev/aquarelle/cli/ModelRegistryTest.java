package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.sd.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelRegistryTest {
    @TempDir
    Path folder;

    private ModelRegistry registry() {
        return new ModelRegistry(folder.resolve("settings/models.json"));
    }

    @Test
    void whatIsAddedIsThereUntilItIsRemoved() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        assertThat(registry().models()).isEmpty();

        registry().add("b-1.5", model);
        registry().add("a", folder.resolve("model/../other"));

        assertThat(registry().models())
                .containsExactly(Map.entry("a", folder.resolve("other")), Map.entry("b-1.5", model));
        assertThat(registry().resolve(Path.of("b-1.5"))).isEqualTo(model);
        registry().remove("b-1.5");
        assertThat(registry().models()).containsOnlyKeys("a");
        assertThat(registry().resolve(Path.of("b-1.5"))).isEqualTo(Path.of("b-1.5"));
        assertThatThrownBy(() -> registry().remove("b-1.5"))
                .isInstanceOf(ModelException.class)
                .hasMessage("b-1.5: no model of this name in " + registry().file());
        try (Stream<Path> files = Files.list(folder.resolve("settings"))) {
            assertThat(files).containsExactly(registry().file());
        }
    }

    @Test
    void whatIsThereGoesBeforeANameAndWhatIsGoneIsTold() throws IOException {
        Path model = Files.createFile(folder.resolve("here"));
        registry().add("gone", folder.resolve("nowhere"));

        assertThat(registry().resolve(model)).isEqualTo(model);
        assertThatThrownBy(() -> registry().resolve(Path.of("gone")))
                .isInstanceOf(ModelException.class)
                .hasMessage("gone: expected a model at %s, as %s says, found nothing there"
                        .formatted(folder.resolve("nowhere"), registry().file()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/b", "-a", "..", "a b", "é"})
    void namesAreNoPaths(String name) {
        assertThatThrownBy(() -> registry().add(name, folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("found '%s'".formatted(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{\"models\": []}",
                "{\"models\": {\"a\": 1}}",
                "{\"models\": {\"a\": {\"path\": 1}}}"
            })
    void aBrokenFileIsNamedAndLeftAsItIs(String text) throws IOException {
        Files.createDirectory(folder.resolve("settings"));
        Files.writeString(registry().file(), text);

        for (Runnable use :
                List.<Runnable>of(() -> registry().models(), () -> registry().resolve(Path.of("a")), () -> add("b"))) {
            assertThatThrownBy(use::run)
                    .isInstanceOf(ModelException.class)
                    .hasMessageStartingWith(registry().file().toString());
        }
        assertThat(registry().file()).hasContent(text);
    }

    private void add(String name) {
        try {
            registry().add(name, folder);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({
        "Linux, AQUARELLE_HOME=/own, /own/models.json",
        "Linux, XDG_CONFIG_HOME=/settings, /settings/aquarelle/models.json",
        "Linux, XDG_CONFIG_HOME=settings, /home/u/.config/aquarelle/models.json",
        "Mac OS X, X=, /home/u/.config/aquarelle/models.json",
        "Windows 11, APPDATA=/roaming, /roaming/aquarelle/models.json",
        "Windows 11, XDG_CONFIG_HOME=/settings, /home/u/AppData/Roaming/aquarelle/models.json"
    })
    void theFileIsWhereSettingsAre(String system, String variable, String expected) {
        String[] pair = variable.split("=", -1);

        assertThat(ModelRegistry.in(Map.of(pair[0], pair[1]), system, Path.of("/home/u"))
                        .file())
                .isEqualTo(Path.of(expected));
    }
}
