package dev.aquarelle.gpu;

import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.RandomTensors.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.gpu.plan.TornadoGpu;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;

/**
 * The second tier on a device without cuBLAS: TornadoVM finds our library, and calls it for each launch with other numbers and the arrays
 * that the kernels have. What it computes is for the first and the third tier.
 */
@EnabledIfSystemProperty(
        named = "aquarelle.tornado",
        matches = "true",
        disabledReason = "needs TornadoVM: mvn -Ptornado with TORNADOVM_HOME set")
class TornadoLibraryTest {

    @Test
    void isCalledByTornadoVmWithPlacesInItsArrays() {
        TornadoGpu device = TornadoBackendTest.device();
        assumeFalse(device.isCuda(), "has a cuBLAS of its own, which TornadoVM finds first");
        Graph graph = Graph.of(g -> {
            Value h = g.linear(g.input("x", 5, 8), g.constant("w1", random(1, 6, 8)), null);
            return g.silu(g.linear(h, g.constant("w2", stored(random(2, 4, 6), DType.F16)), null));
        });

        try (Program program = new GpuBackend(device.withLibrary()).compile(graph)) {
            program.run(random(3, 5, 8));
            program.run(random(4, 5, 8));
        }

        assertThat(RecordingCublas.CALLS).hasSize(4);
        LibraryInvocation first = RecordingCublas.CALLS.get(0);
        LibraryInvocation second = RecordingCublas.CALLS.get(1);
        assertThat(sizes(first)).containsExactly(1, 0, 6, 5, 8);
        assertThat(sizes(second)).containsExactly(1, 0, 4, 5, 6);
        assertThat(sizes(RecordingCublas.CALLS.get(2))).isEqualTo(sizes(first));
        assertThat(second.getDevicePointer(9)).as("what the first has made").isEqualTo(first.getDevicePointer(13));
        assertThat(second.getDevicePointer(6) - first.getDevicePointer(6))
                .as("weights behind those of the first, 32 bits each")
                .isEqualTo(4 * 6 * 8);
        assertThat(first.getDevicePointer(9)).as("the input").isNotEqualTo(first.getDevicePointer(13));
        assertThat(RecordingCublas.CONTEXTS).containsExactly("created", "destroyed");
    }

    private static int[] sizes(LibraryInvocation call) {
        return IntStream.range(0, 5).map(i -> (int) call.getArg(i)).toArray();
    }
}
