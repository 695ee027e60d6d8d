package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.testing.RandomTensors.normal;
import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.TensorAssert.assertThatTensor;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.StepInfo;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A linear layer that is computed with the GEGLU behind it has the bits of the two alone. */
class FusionTest {
    /** The result of the layers and, if {@code apart}, what is between them, which keeps them apart. */
    private static Graph graph(int rows, int k, int width, boolean bias, boolean apart) {
        Tensor weight = normal(7, 0, 1 / Math.sqrt(k), 2 * width, k);
        Tensor b = random(8, 2 * width);
        return Graph.build(g -> {
            Value x = g.input("x", rows, k);
            Value linear = g.linear(x, g.constant("weight", weight), bias ? g.constant("bias", b) : null);
            g.output("out", g.geGlu(linear));
            if (apart) {
                g.output("between", linear);
            }
        });
    }

    private static Tensor run(Graph graph, Tensor x, Kernels kernels, int threads, List<String> steps) {
        try (CpuBackend backend = new CpuBackend(new BackendOptions(threads), kernels);
                Program program = backend.compile(graph)) {
            assertThat(program.steps()).extracting(StepInfo::op).isEqualTo(steps);
            Tensor out = program.run(x);
            return Tensor.of(out.toFloatArray(), out.shape().dims());
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 5, 64, true", "7, 320, 128, false", "50, 330, 64, true", "600, 64, 192, true", "650, 1280, 64, true"
    })
    void takenTogetherOrNot(int rows, int k, int width, boolean bias) {
        Tensor x = normal(1, 0, 1, rows, k);
        for (Kernels kernels : List.of(Kernels.scalar(), Kernels.load())) {
            Tensor apart = run(graph(rows, k, width, bias, true), x, kernels, 2, List.of("linear", "geGlu"));
            for (int threads : new int[] {1, 3}) {
                assertThatTensor(run(graph(rows, k, width, bias, false), x, kernels, threads, List.of("linear+geGlu")))
                        .as("%d threads", threads)
                        .hasSameBitsAs(apart);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 63, 65})
    void partsOfPanelsStayApart(int width) {
        Tensor x = normal(1, 0, 1, 9, 20);

        run(graph(9, 20, width, true, false), x, Kernels.load(), 2, List.of("linear", "geGlu"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1281, 2000})
    void longSumsStayApart(int k) {
        Tensor x = normal(1, 0, 1, 9, k);

        run(graph(9, k, 64, true, false), x, Kernels.load(), 2, List.of("linear", "geGlu"));
    }
}
