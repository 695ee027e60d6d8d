package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.demo.DemoModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The demo model in a folder of the test's own, to be changed.
 *
 * @param folder the model's
 */
record ModelCopy(Path folder) {
    static ModelCopy in(Path folder) throws IOException {
        Path demo = DemoModel.path();
        try (Stream<Path> files = Files.walk(demo)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = folder.resolve(demo.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
        return new ModelCopy(folder);
    }

    /** Replaces what stands in a file, and must stand there. */
    ModelCopy replace(String file, String what, String by) throws IOException {
        Path path = folder.resolve(file);
        String text = Files.readString(path);
        assertThat(text).contains(what);
        Files.writeString(path, text.replace(what, by));
        return this;
    }
}
