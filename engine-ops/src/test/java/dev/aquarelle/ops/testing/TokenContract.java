package dev.aquarelle.ops.testing;

import static dev.aquarelle.ops.testing.RandomTensors.filled;
import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.RandomTensors.randomIndices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Token merging, for backends that have it. */
public interface TokenContract extends OpContract {

    @ParameterizedTest(name = "{0} x {1} tokens of {2}, {3} merged")
    @CsvSource({
        "2, 2, 5, 3",
        "2, 3, 8, 1",
        "3, 3, 4, 8",
        "5, 7, 17, 20",
        "1, 6, 4, 0",
        "4, 4, 33, 0",
        "8, 8, 40, 32",
        "8, 8, 40, 48",
        "17, 16, 40, 100", // one panel and a bit
        "48, 44, 64, 1056", // several panels, several tasks of rows
        "32, 30, 320, 480",
        "10, 12, 1280, 33" // more channels than rows of a task usually have
    })
    default void matchTokensAgrees(int height, int width, int channels, int merged) {
        Graph graph = Graph.of(g -> g.matchTokens(g.input("x", 2, height * width, channels), height, width, merged));
        agreesWithTheReference(Tolerance.EXACT, graph, random(201, 2, height * width, channels));
    }

    /** Rows: 0 1 2 3 / 4 5 6 7; 0 and 2 stay. */
    @Test
    default void theMostSimilarAreMergedAndTheOthersKeepTheirOrder() {
        float[][] tokens = {{1, 0}, {1, 0.1f}, {0, 1}, {1, 1}, {-1, 0}, {5, 0.1f}, {0.3f, 1}, {0, 9}};
        float[] x = new float[16];
        for (int i = 0; i < 16; i++) {
            x[i] = tokens[i / 2][i % 2];
        }
        Graph graph = Graph.of(g -> g.matchTokens(g.input("x", 1, 8, 2), 2, 4, 3));
        try (Program program = backend().compile(graph)) {
            // 7 is 2 but for its length, 5 nearly 0, then 1, behind them 6, 3 and 4
            assertThat(program.run(Tensor.of(x, 1, 8, 2)).toIntArray()).containsExactly(0, 0, 1, 2, 3, 0, 4, 1);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {1, 0, -3})
    default void ofEqualTokensTheFirstAreMergedWithTheFirst(float value) {
        Graph graph = Graph.of(g -> g.matchTokens(g.input("x", 1, 16, 4), 4, 4, 3));
        try (Program program = backend().compile(graph)) {
            assertThat(program.run(filled(value, 1, 16, 4)).toIntArray())
                    .containsExactly(0, 0, 1, 0, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
        }
    }

    @Test
    default void whatIsNotANumberIsMergedLastAndWithTheFirst() {
        float[] x = random(202, 1, 16, 4).toFloatArray();
        x[4] = Float.NaN; // of token 1
        x[8] = Float.NaN; // of token 2, which stays
        for (int merged : new int[] {11, 12}) {
            Graph graph = Graph.of(g -> g.matchTokens(g.input("x", 1, 16, 4), 4, 4, merged));
            agreesWithTheReference(Tolerance.EXACT, graph, Tensor.of(x, 1, 16, 4));
            try (Program program = backend().compile(graph)) {
                int[] places = program.run(Tensor.of(x, 1, 16, 4)).toIntArray();
                assertThat(places[1]).isEqualTo(merged == 12 ? 0 : 1);
            }
        }
    }

    @ParameterizedTest(name = "{0} tokens of {1} to {2} places")
    @CsvSource({"1, 1, 1", "12, 5, 4", "60, 40, 100", "33, 130, 1", "500, 64, 250"})
    default void mergeTokensAgrees(int tokens, int channels, int left) {
        Graph graph = Graph.of(
                g -> g.mergeTokens(g.input("x", 2, tokens, channels), g.input("places", DType.I32, 2, tokens), left));
        agreesWithTheReference(
                Tolerance.EXACT, graph, random(203, 2, tokens, channels), randomIndices(204, left, 2, tokens));
    }

    @ParameterizedTest(name = "{0} places of {1} to {2} tokens")
    @CsvSource({"1, 1, 1", "4, 5, 12", "100, 40, 60", "1, 130, 33", "250, 64, 500"})
    default void unmergeTokensAgrees(int left, int channels, int tokens) {
        Graph graph = Graph.of(
                g -> g.unmergeTokens(g.input("x", 2, left, channels), g.input("places", DType.I32, 2, tokens)));
        agreesWithTheReference(
                Tolerance.EXACT, graph, random(205, 2, left, channels), randomIndices(206, left, 2, tokens));
    }

    @Test
    default void placesMayBeConstant() {
        Tensor places = randomIndices(207, 5, 1, 9);
        agreesWithTheReference(
                Tolerance.EXACT, random(208, 1, 9, 17), in -> in.g().mergeTokens(in.x(), in.constant(places), 5));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 5, Integer.MAX_VALUE})
    default void aPlaceOutsideIsRefused(int place) {
        Graph merging = Graph.of(g -> g.mergeTokens(g.input("x", 1, 2, 4), g.input("places", DType.I32, 1, 2), 5));
        Graph unmerging = Graph.of(g -> g.unmergeTokens(g.input("x", 1, 5, 4), g.input("places", DType.I32, 1, 2)));
        for (Graph graph : new Graph[] {merging, unmerging}) {
            Tensor x = random(209, graph.inputs().getFirst().shape().dims());
            try (Program program = backend().compile(graph)) {
                assertThatThrownBy(() -> program.run(x, Tensor.of(new int[] {0, place}, 1, 2)))
                        .isInstanceOf(TensorException.class)
                        .hasMessageContaining("ergeTokens: place")
                        .hasMessageContaining(Integer.toString(place))
                        .hasMessageContaining("5 rows");
                program.run(x, Tensor.of(new int[] {4, 1}, 1, 2)); // the program stays usable
            }
        }
    }

    @Test
    default void tokensAreMergedAroundAnOperation() {
        agreesWithTheReference(Tolerance.forSumOf(80).times(2), random(210, 2, 35, 40), in -> {
            Graph g = in.g();
            var places = g.matchTokens(in.x(), 5, 7, 12);
            var left = g.mergeTokens(in.x(), places, 23);
            return g.add(in.x(), g.unmergeTokens(g.attention(left, left, left, 4, false), places));
        });
        doesNotDependOnTheBatch(random(211, 3, 64, 24), in -> {
            var places = in.g().matchTokens(in.x(), 8, 8, 40);
            return in.g().unmergeTokens(in.g().mergeTokens(in.x(), places, 24), places);
        });
    }
}
