package dev.aquarelle.ops.testing;

import static dev.aquarelle.ops.testing.TensorAssert.assertThatTensor;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Memory plans, fusions and recomputation over graphs that nobody thought of. */
public interface RandomGraphContract extends OpContract {

    static LongStream seeds() {
        return LongStream.range(0, 60);
    }

    @ParameterizedTest
    @MethodSource("dev.aquarelle.ops.testing.RandomGraphContract#seeds")
    default void randomGraphsAgree(long seed) {
        Graph graph = RandomGraphs.graph(seed);
        // norms of nearly constant rows magnify roundings; what a wrong plan does is as large as the values
        agreesWithTheReference(new Tolerance(1e-5, 1e-3, 1e-3), graph, RandomGraphs.inputs(graph, seed));
    }

    /** Only some inputs change from run to run, some tensors are new ones with old numbers, and some old ones with new numbers. */
    @ParameterizedTest
    @MethodSource("dev.aquarelle.ops.testing.RandomGraphContract#seeds")
    default void whatIsKeptBetweenRunsChangesNothing(long seed) {
        Graph graph = RandomGraphs.graph(seed);
        Random random = new Random(seed);
        Tensor[] inputs = RandomGraphs.inputs(graph, seed);
        try (Program program = backend().compile(graph)) {
            for (int run = 0; run < 6; run++) {
                program.run(inputs);
                try (Program fresh = backend().compile(graph)) {
                    fresh.run(inputs);
                    for (String name : graph.outputs().keySet()) {
                        assertThatTensor(program.output(name))
                                .as("%s in run %d of%n%s", name, run, graph)
                                .hasSameBitsAs(fresh.output(name));
                    }
                }
                for (int i = 0; i < inputs.length; i++) {
                    Tensor changed = RandomGraphs.input(graph.inputs().get(i), random.nextLong());
                    switch (random.nextInt(5)) {
                        case 0 -> inputs[i] = changed;
                        case 1 -> inputs[i].data().copyFrom(changed.data());
                        case 2 -> inputs[i] = RandomTensors.copied(inputs[i]);
                        default -> {} // unchanged
                    }
                }
            }
        }
    }
}
