package dev.aquarelle.ops.testing;

import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.RandomTensors.randomIndices;
import static dev.aquarelle.ops.testing.RandomTensors.stored;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Operations that move numbers: parts of axes, resizing, tables; and the sinusoids of timesteps. */
public interface MovementContract extends OpContract {

    @ParameterizedTest(name = "axis {0}: {1}, {2} and {3}")
    @CsvSource({
        "0, 1, 2, 1",
        "1, 3, 1, 4",
        "2, 5, 5, 1",
        "3, 1, 1, 1",
        "3, 5, 17, 3",
        "3, 320, 33, 40",
        "3, 16, 64, 32",
        "3, 1280, 640, 1"
    })
    default void concatAgrees(int axis, int a, int b, int c) {
        Graph graph = Graph.of(g -> g.concat(
                axis,
                g.input("a", dims(axis, a)),
                g.input("b", dims(axis, b)),
                g.input("c", dims(axis, c)),
                g.input("d", dims(axis, a))));
        agreesWithTheReference(
                Tolerance.EXACT,
                graph,
                random(121, dims(axis, a)),
                random(122, dims(axis, b)),
                random(123, dims(axis, c)),
                random(124, dims(axis, a)));
    }

    @Test
    default void concatOfOnePartOrOfTheSamePartsAgrees() {
        agreesWithTheReference(
                Tolerance.EXACT, random(125, 2, 3, 5), in -> in.g().concat(2, in.x()));
        agreesWithTheReference(
                Tolerance.EXACT, random(126, 2, 3, 5), in -> in.g().concat(1, in.x(), in.x(), in.x()));
    }

    @ParameterizedTest(name = "axis {0} of {1}: {2} to {3}")
    @CsvSource({"0, 4, 1, 3", "1, 7, 0, 1", "2, 9, 8, 9", "3, 33, 5, 22", "3, 640, 320, 640", "3, 5, 0, 5", "0, 1, 0, 1"
    })
    default void sliceAgrees(int axis, int size, int from, int to) {
        agreesWithTheReference(
                Tolerance.EXACT, random(127, dims(axis, size)), in -> in.g().slice(in.x(), axis, from, to));
    }

    @ParameterizedTest(name = "[{0}, {1}, {2}] to {3} x {4}")
    @CsvSource({
        "3, 5, 4, 6, 10",
        "4, 6, 3, 8, 12",
        "3, 2, 17, 5, 4",
        "1, 1, 33, 7, 1",
        "8, 8, 5, 8, 8",
        "9, 7, 3, 4, 3",
        "5, 9, 40, 11, 17",
        "2, 3, 320, 4, 6"
    })
    default void upsampleNearestAgrees(int h, int w, int c, int height, int width) {
        agreesWithTheReference(
                Tolerance.EXACT, random(128, 2, h, w, c), in -> in.g().upsampleNearest(in.x(), height, width));
    }

    @ParameterizedTest(name = "[{0}, {1}, {2}]")
    @CsvSource({"2, 2, 1", "6, 8, 3", "7, 9, 17", "3, 2, 33", "8, 8, 320"})
    default void averagePool2Agrees(int h, int w, int c) {
        agreesWithTheReference(
                Tolerance.forSumOf(4), random(129, 2, h, w, c), in -> in.g().averagePool2(in.x()));
    }

    @ParameterizedTest
    @EnumSource(names = {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
    default void embeddingAgreesForTablesOfEveryType(DType dtype) {
        for (int c : new int[] {1, 5, 33, 40}) {
            Tensor table = stored(random(130, 50, c), dtype);
            Graph graph = Graph.of(g -> g.embedding(g.input("ids", DType.I32, 2, 77), g.constant("table", table)));
            agreesWithTheReference(Tolerance.EXACT, graph, randomIndices(131, 50, 2, 77));
        }
    }

    @Test
    default void idsMayBeConstant() {
        Tensor ids = randomIndices(132, 9, 7);
        agreesWithTheReference(Tolerance.EXACT, random(133, 9, 17), in -> in.g().embedding(in.constant(ids), in.x()));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 50, Integer.MAX_VALUE, Integer.MIN_VALUE})
    default void anIdOutsideOfTheTableIsRefused(int id) {
        Graph graph = Graph.of(g -> g.embedding(g.input("ids", DType.I32, 3), g.constant("table", random(134, 50, 4))));
        try (Program program = backend().compile(graph)) {
            assertThatThrownBy(() -> program.run(Tensor.of(new int[] {49, id, 0}, 3)))
                    .isInstanceOf(TensorException.class)
                    .hasMessageContaining("embedding")
                    .hasMessageContaining(Integer.toString(id))
                    .hasMessageContaining("50");
            program.run(Tensor.of(new int[] {49, 1, 0}, 3)); // the program stays usable
        }
    }

    @Test
    default void selectRowsAgrees() {
        Graph graph = Graph.of(g -> g.selectRows(g.input("x", 3, 77, 33), g.input("at", DType.I32, 3)));
        agreesWithTheReference(Tolerance.EXACT, graph, random(135, 3, 77, 33), Tensor.of(new int[] {76, 0, 13}, 3));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 9})
    default void aPositionOutsideOfTheSampleIsRefused(int position) {
        Graph graph = Graph.of(g -> g.selectRows(g.input("x", 2, 9, 4), g.input("at", DType.I32, 2)));
        try (Program program = backend().compile(graph)) {
            assertThatThrownBy(() -> program.run(random(136, 2, 9, 4), Tensor.of(new int[] {0, position}, 2)))
                    .isInstanceOf(TensorException.class)
                    .hasMessageContaining("selectRows")
                    .hasMessageContaining(Integer.toString(position))
                    .hasMessageContaining("9");
        }
    }

    /** An angle of a thousand in F32 is off by up to its rounding, so its sine is too. */
    @ParameterizedTest(name = "{0} wide, cosines first {1}, shift {2}")
    @CsvSource({
        "320, true, 0",
        "32, true, 1",
        "64, false, 1",
        "33, true, 0",
        "256, true, 0",
        "5, false, 0",
        "2, true, 0"
    })
    default void timestepEmbeddingAgrees(int dim, boolean flipSinToCos, float freqShift) {
        Tensor timesteps = Tensor.of(new float[] {0, 1, 999, 501.25f, 0.001f, 1024}, 6);
        agreesWithTheReference(
                Tolerance.absolute(2e-4),
                timesteps,
                in -> in.g().timestepEmbedding(in.x(), dim, flipSinToCos, freqShift));
        doesNotDependOnTheBatch(timesteps, in -> in.g().timestepEmbedding(in.x(), dim, flipSinToCos, freqShift));
    }

    private static int[] dims(int axis, int size) {
        int[] dims = {2, 3, 4, 5};
        dims[axis] = size;
        return dims;
    }
}
