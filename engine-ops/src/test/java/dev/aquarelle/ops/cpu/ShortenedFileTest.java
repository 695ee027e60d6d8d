package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.testing.RandomTensors.random;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsFile;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A weights file that is shortened while it is mapped is named by what reads it. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "does not let a mapped file be shortened")
class ShortenedFileTest {
    @TempDir
    Path folder;

    @Test
    void theStepAndTheWeightAreNamed() throws IOException {
        Path path = folder.resolve("model.safetensors");
        new SafetensorsWriter()
                .add("fc.weight", random(1, 100, 400))
                .add("fc.bias", random(2, 100))
                .write(path);
        try (Arena arena = Arena.ofShared();
                CpuBackend backend = new CpuBackend(new BackendOptions(2))) {
            SafetensorsFile file = SafetensorsFile.open(path, arena);
            Graph graph = Graph.of(g -> {
                try (var _ = g.scope("fc")) {
                    return g.linear(
                            g.input("x", 3, 400),
                            g.constant("fc.weight", file.tensor("fc.weight")),
                            g.constant("fc.bias", file.tensor("fc.bias")));
                }
            });
            try (Program program = backend.compile(graph)) {
                try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                    channel.truncate(0);
                }
                assertThatThrownBy(() -> program.run(random(3, 3, 400)))
                        .isInstanceOf(SafetensorsException.class)
                        .hasCauseInstanceOf(InternalError.class)
                        .hasMessageStartingWith("fc: linear reading fc.weight, fc.bias: expected the mapped file");
            }
            assertThatThrownBy(() -> backend.compile(graph))
                    .isInstanceOf(SafetensorsException.class)
                    .hasMessageStartingWith("fc.bias: expected the mapped file");
        }
    }
}
