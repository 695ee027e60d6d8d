package dev.aquarelle.gpu.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.gpu.plan.GpuCompiler;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.testing.RandomTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The emulator sees what is wrong: of all kernels with one mistake each, none but the harmless ones computes what the reference does. */
class MutantsTest {
    /** Errors of sums in F32 are some 1e-6. */
    private static final double TOLERANCE = 1e-3;

    /** Mistakes that change nothing, by class, kind and number, with the reason. */
    private static final Map<String, String> HARMLESS = Map.of(
            "Products BOUND_OFF_BY_ONE 0", "one more block of terms, which are all 0",
            "Norms BOUND_OFF_BY_ONE 8", "the smaller of two equal numbers",
            "Attention BOUND_OFF_BY_ONE 4", "one more block of keys, which count for nothing",
            "Attention BOUND_OFF_BY_ONE 6", "the smaller of two equal numbers",
            "Attention BOUND_OFF_BY_ONE 9", "the smaller of two equal numbers",
            "Attention BOUND_OFF_BY_ONE 15", "one more column, beyond the widest head",
            "Attention BOUND_OFF_BY_ONE 18", "one more column, beyond the widest head");

    @ParameterizedTest
    @ValueSource(strings = {"Products", "Attention", "Norms", "Maps", "Moves", "Operands"})
    void areCaught(String type) {
        List<Graph> graphs = ProbeGraphs.of(type);
        List<float[]> expected = new ArrayList<>();
        try (Backend reference = Backends.open("reference", BackendOptions.DEFAULT)) {
            graphs.forEach(graph -> expected.add(run(reference.compile(graph), graph)));
        }
        EmulatedDevice sound = new EmulatedDevice();
        assertThat(differs(sound, graphs, expected)).as("without a mistake").isFalse();

        List<Mutation> mutations = Mutation.all(type);
        List<String> survivors = mutations.stream()
                .filter(mutation -> !differs(new EmulatedDevice(mutation.kernels()), graphs, expected))
                .map(Mutation::toString)
                .toList();

        assertThat(mutations).hasSizeGreaterThan(1);
        assertThat(survivors)
                .containsExactlyInAnyOrderElementsOf(mutations.stream()
                        .filter(mutation -> HARMLESS.containsKey(mutation.key()))
                        .map(Mutation::toString)
                        .toList());
    }

    /** Without a library or with one, which leaves some products to our kernels. */
    private static boolean differs(EmulatedDevice device, List<Graph> graphs, List<float[]> expected) {
        return differsAlone(device, graphs, expected) || differsAlone(device.andLibrary(), graphs, expected);
    }

    private static boolean differsAlone(EmulatedDevice device, List<Graph> graphs, List<float[]> expected) {
        for (int i = 0; i < graphs.size(); i++) {
            Graph graph = graphs.get(i);
            try {
                float[] found =
                        run(GpuCompiler.compile(graph, device, MemoryBudget.UNLIMITED, Cancellation.NEVER), graph);
                for (int j = 0; j < found.length; j++) {
                    float wanted = expected.get(i)[j];
                    boolean same = found[j] == wanted
                            || Math.abs(found[j] - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted));
                    if (!same) {
                        return true;
                    }
                }
            } catch (RuntimeException | AssertionError e) {
                return true; // an index outside of an array, or work items that wait for ever
            }
        }
        return false;
    }

    private static float[] run(Program program, Graph graph) {
        try (program) {
            Tensor x = RandomTensors.random(7, graph.inputs().getFirst().shape().dims());
            return program.run(x).toFloatArray();
        }
    }
}
