package dev.aquarelle.cli.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.weights.SyntheticModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Stable Diffusion 1.5 at full size, with synthetic weights, against golden group 13. Takes minutes, 2.1 GB of disk and the golden files, which are no
 * part of the sources: {@code mvn -Pfull -Dgolden=DIR verify}.
 */
class FullSizeCheck {
    private static final String GROUP = "13_fullsize";

    /** Among the build's outputs: a folder for temporary files is often in memory. */
    static final class InTarget implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext test) throws IOException {
            return Files.createTempDirectory(Files.createDirectories(Path.of("target")), "fullsize");
        }
    }

    @TempDir(factory = InTarget.class)
    Path model;

    @Test
    void textEncoderUNetAndAutoencoderAgreeWithTheGoldenFiles() throws IOException {
        Path golden = Path.of(System.getProperty("golden", "")).toAbsolutePath();
        assertThat(golden.resolve(GROUP))
                .as("golden files, which are no part of the sources; name their folder by -Dgolden=/absolute/path")
                .isDirectory();
        SyntheticModel.SD15.write(model, null);

        try (Backend backend = Backends.open("auto", BackendOptions.DEFAULT)) {
            Report report = new ConformanceRunner(golden, backend, model)
                    .run(new Selection(List.of(GROUP), List.of()), result -> {});

            assertThat(report.results())
                    .as(report.table())
                    .allSatisfy(result ->
                            assertThat(result.outcome()).as(result.line()).isEqualTo(CaseResult.Outcome.PASSED));
        }
    }
}
