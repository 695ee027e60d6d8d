package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.testing.RandomTensors.random;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.StepEvent;
import dev.aquarelle.ops.graph.Graph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recording has an event for each step, which names all that the step computes. */
class StepEventTest {
    @TempDir
    Path folder;

    @Test
    void aFusedNormIsNamedAndCounted() throws IOException {
        Graph graph = Graph.of(g -> {
            try (var _ = g.scope("mid_block")) {
                return g.silu(g.groupNorm(
                        g.input("x", 1, 2, 3, 4), g.constant("w", random(1, 4)), g.constant("b", random(2, 4)), 2, 1));
            }
        });
        Path file = folder.resolve("steps.jfr");
        try (CpuBackend backend = new CpuBackend(new BackendOptions(1));
                Program program = backend.compile(graph);
                Recording recording = new Recording()) {
            recording.enable(StepEvent.class).withoutThreshold();
            recording.start();
            program.run(random(3, 1, 2, 3, 4));
            recording.stop();
            recording.dump(file);
        }

        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(e -> e.getEventType().getName().equals("aquarelle.Step"))
                .toList();
        assertThat(events).hasSize(1);
        RecordedEvent step = events.getFirst();
        assertThat(step.getString("scope")).isEqualTo("mid_block");
        assertThat(step.getString("op")).isEqualTo("groupNorm+silu");
        assertThat(step.getString("kernel")).isEqualTo("groupNorm");
        assertThat(step.getString("shapes")).isEqualTo("[[1, 2, 3, 4], [4], [4]] -> [1, 2, 3, 4]");
        assertThat(step.getLong("flops")).isEqualTo((7 + 10) * 24);
        assertThat(step.getLong("bytes")).isEqualTo(4 * (24 + 4 + 4 + 24));
    }
}
