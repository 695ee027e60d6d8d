package dev.aquarelle.ops.testing;

import static dev.aquarelle.ops.testing.TensorAssert.assertThatTensor;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.reference.ReferenceBackend;
import java.util.function.Function;

/** What the parts of the {@link BackendContract} share: a backend, and the comparison with the reference. */
public interface OpContract {

    /** The backend under test; the test class opens it once and closes it. */
    Backend backend();

    /** Runs the graph on the backend and on the reference and compares all outputs. */
    default void agreesWithTheReference(Tolerance tolerance, Graph graph, Tensor... inputs) {
        try (Program program = backend().compile(graph);
                Backend reference = new ReferenceBackend();
                Program oracle = reference.compile(graph)) {
            program.run(inputs);
            oracle.run(inputs);
            for (String name : graph.outputs().keySet()) {
                assertThatTensor(program.output(name))
                        .as("%s of %s", name, graph)
                        .isCloseTo(oracle.output(name), tolerance);
            }
        }
    }

    /** A graph whose only operation has x as its only input is built, run and compared. */
    default void agreesWithTheReference(Tolerance tolerance, Tensor x, Function<Input, Value> body) {
        Graph graph =
                Graph.of(g -> body.apply(new Input(g, g.input("x", x.shape().dims()))));
        agreesWithTheReference(tolerance, graph, x);
    }

    /** Each sample of a batch has the same bits as alone. The innermost arguments are the batch and the graph for one batch size. */
    default void doesNotDependOnTheBatch(Tensor batch, Function<Input, Value> body) {
        int[] one = batch.shape().dims();
        one[0] = 1;
        Graph all =
                Graph.of(g -> body.apply(new Input(g, g.input("x", batch.shape().dims()))));
        Graph alone = Graph.of(g -> body.apply(new Input(g, g.input("x", one))));
        try (Program ofAll = backend().compile(all);
                Program ofOne = backend().compile(alone)) {
            Tensor results = ofAll.run(batch);
            for (int n = 0; n < batch.shape().dim(0); n++) {
                assertThatTensor(results.slice(n, n + 1))
                        .as("sample %d of %s", n, all)
                        .hasSameBitsAs(ofOne.run(batch.slice(n, n + 1)));
            }
        }
    }

    /** A graph under construction and its one input. */
    record Input(Graph g, Value x) {
        /** A constant. */
        public Value constant(Tensor tensor) {
            return g.constant("weight", tensor);
        }
    }
}
