package dev.aquarelle.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A backend is found by its name; one that cannot be loaded is in nobody's way. */
class BackendsTest {
    @TempDir
    Path folder;

    @Test
    void theFastestComesFirst() {
        assertThat(Backends.installed()).extracting(Backend.Provider::name).containsExactly("cpu", "reference");
    }

    @Test
    void aProviderThatCannotBeLoadedIsPassedOverAndNamed() throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(Backend.Provider.class.getName()), "no.such.Provider\n");
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
            thread.setContextClassLoader(loader);
            Backends.open("auto", BackendOptions.DEFAULT).close();
            Backends.open("reference", BackendOptions.DEFAULT).close();
            assertThatThrownBy(() -> Backends.open("gpu", BackendOptions.DEFAULT))
                    .isInstanceOf(BackendException.class)
                    .hasMessageStartingWith("no backend named gpu, installed: cpu, reference; not loadable: ")
                    .hasMessageContaining("no.such.Provider");
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
