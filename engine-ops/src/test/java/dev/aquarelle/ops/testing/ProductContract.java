package dev.aquarelle.ops.testing;

import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.RandomTensors.stored;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Linear layers and matrix products. */
public interface ProductContract extends OpContract {

    @ParameterizedTest(name = "K = {0}")
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 35, 40, 77, 320, 1280})
    default void linearAgreesForEveryLengthOfARow(int k) {
        for (int n : new int[] {1, 3, 17, 40}) {
            linearAgrees(5, k, n);
        }
    }

    @ParameterizedTest(name = "{0} rows, K = {1}, N = {2}")
    @CsvSource({
        "1, 320, 1280",
        "1600, 960, 17",
        "1600, 600, 3",
        "1600, 1700, 5",
        "1, 1, 1",
        "2, 33, 5",
        "4, 40, 320",
        "6, 17, 1",
        "7, 77, 33",
        "13, 5, 64",
        "16, 16, 16",
        "17, 64, 48",
        "64, 320, 320",
        "77, 40, 77",
        "129, 48, 65",
        "7, 2000, 1200" // more weights than are packed at a time
    })
    default void linearAgrees(int rows, int k, int n) {
        agreesWithTheReference(
                Tolerance.forSumOf(k),
                random(21, rows, k),
                in -> in.g().linear(in.x(), in.constant(random(22, n, k)), in.constant(random(23, n))));
    }

    @ParameterizedTest(name = "{0} rows, K = {1}, N = {2}")
    @CsvSource({"1, 33, 17", "9, 77, 33", "64, 320, 40"})
    default void linearWithoutBiasAgrees(int rows, int k, int n) {
        agreesWithTheReference(
                Tolerance.forSumOf(k),
                random(24, rows, k),
                in -> in.g().linear(in.x(), in.constant(random(25, n, k)), null));
    }

    @ParameterizedTest
    @EnumSource(names = {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
    default void weightsOfEveryTypeAreWidened(DType dtype) {
        for (int k : new int[] {1, 17, 40, 77}) {
            Tensor weight = stored(random(26, 33, k), dtype);
            Tensor bias = stored(random(27, 33), dtype);
            agreesWithTheReference(
                    Tolerance.forSumOf(k),
                    random(28, 9, k),
                    in -> in.g().linear(in.x(), in.constant(weight), in.constant(bias)));
        }
    }

    @ParameterizedTest(name = "[{0}, {1}, {2}] @ [{0}, {2}, {3}]")
    @CsvSource({
        "1, 1, 1, 1",
        "3, 9, 17, 11",
        "2, 1, 33, 40",
        "2, 33, 1, 5",
        "1, 64, 77, 64",
        "4, 5, 320, 3",
        "2, 7, 600, 33"
    })
    default void matMulAgrees(int batch, int m, int k, int n) {
        Graph graph = Graph.of(g -> g.matMul(g.input("a", batch, m, k), g.input("b", batch, k, n)));
        agreesWithTheReference(Tolerance.forSumOf(k), graph, random(31, batch, m, k), random(32, batch, k, n));
    }

    @ParameterizedTest(name = "[{0}, {1}] @ [{1}, {2}]")
    @CsvSource({"1, 1, 1", "5, 17, 33", "40, 40, 1"})
    default void matMulOfMatricesAgrees(int m, int k, int n) {
        Graph graph = Graph.of(g -> g.matMul(g.input("a", m, k), g.input("b", k, n)));
        agreesWithTheReference(Tolerance.forSumOf(k), graph, random(33, m, k), random(34, k, n));
    }

    @ParameterizedTest(name = "[3, {0}, {1}] to {2}")
    @CsvSource({"1, 320, 40", "1, 7, 3", "5, 33, 17", "77, 40, 64", "64, 64, 320"})
    default void linearDoesNotDependOnTheBatch(int length, int k, int n) {
        doesNotDependOnTheBatch(
                random(35, 3, length, k),
                in -> in.g().linear(in.x(), in.constant(random(36, n, k)), in.constant(random(37, n))));
    }

    @ParameterizedTest(name = "[3, {0}, {1}]")
    @CsvSource({"1, 5", "9, 17", "33, 40"})
    default void matMulDoesNotDependOnTheBatch(int m, int k) {
        doesNotDependOnTheBatch(random(38, 3, m, k), in -> {
            var transposedLengths = in.g().reshape(in.x(), in.x().shape().dim(0), k, m);
            return in.g().matMul(in.x(), transposedLengths);
        });
    }
}
