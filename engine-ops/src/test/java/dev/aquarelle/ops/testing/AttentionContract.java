package dev.aquarelle.ops.testing;

import static dev.aquarelle.ops.testing.RandomTensors.filled;
import static dev.aquarelle.ops.testing.RandomTensors.normal;
import static dev.aquarelle.ops.testing.RandomTensors.random;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.ProductOp;
import dev.aquarelle.ops.graph.Value;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Attention at the models' head widths, and at lengths around the blocks that a kernel may cut them into. */
public interface AttentionContract extends OpContract {

    @ParameterizedTest(name = "batch {0}, {1} queries, {2} keys, {3} heads of {4}, causal {5}")
    @CsvSource({
        "1, 1, 1, 1, 4, false",
        "1, 5, 1, 2, 8, false", // one key: its value
        "2, 9, 9, 2, 4, true",
        "1, 1, 77, 8, 40, false",
        "2, 24, 77, 5, 64, false",
        "1, 77, 77, 3, 64, true",
        "1, 33, 77, 2, 80, false",
        "1, 40, 40, 2, 160, false",
        "1, 36, 36, 1, 512, false", // the VAE's middle
        "1, 17, 600, 1, 40, false",
        "2, 63, 65, 2, 40, false",
        "1, 130, 130, 1, 8, true",
        "1, 65, 40, 1, 16, true", // more queries than keys
        "1, 7, 4096, 1, 40, false", // the U-Net's first block at 512 x 512
        "1, 31, 129, 2, 5, false", // a width no vector divides
        "1, 12, 33, 3, 1, false"
    })
    default void attentionAgrees(int n, int queries, int keys, int heads, int d, boolean causal) {
        attentionAgrees(Tolerance.forSumOf(d + keys).times(2), 1, n, queries, keys, heads, d, causal);
    }

    /** Scores up to 80 and more, where the exponentials of all but a few keys vanish. */
    @ParameterizedTest(name = "{0} queries, {1} keys, {2} heads of {3}")
    @CsvSource({"20, 200, 2, 40", "9, 77, 1, 64", "33, 17, 2, 8"})
    default void peakedScoresAgree(int queries, int keys, int heads, int d) {
        attentionAgrees(Tolerance.forSumOf(d + keys).times(100), 30, 1, queries, keys, heads, d, false);
        attentionAgrees(Tolerance.forSumOf(d + keys).times(100), 30, 1, queries, keys, heads, d, true);
    }

    private void attentionAgrees(
            Tolerance tolerance, double scores, int n, int queries, int keys, int heads, int d, boolean causal) {
        Graph graph = Graph.of(g -> g.attention(
                g.input("q", n, queries, heads * d),
                g.input("k", n, keys, heads * d),
                g.input("v", n, keys, heads * d),
                heads,
                causal));
        agreesWithTheReference(
                tolerance,
                graph,
                normal(61, 0, scores, n, queries, heads * d),
                random(62, n, keys, heads * d),
                random(63, n, keys, heads * d));
    }

    /** Scores of a thousand: the largest must be subtracted before any exponential. */
    @Test
    default void hugeScoresDoNotOverflow() {
        Graph graph = Graph.of(
                g -> g.attention(g.input("q", 1, 3, 8), g.input("k", 1, 20, 8), g.input("v", 1, 20, 8), 1, false));
        agreesWithTheReference(
                Tolerance.absolute(1e-2),
                graph,
                normal(64, 0, 1000, 1, 3, 8),
                normal(65, 0, 10, 1, 20, 8),
                random(66, 1, 20, 8));
    }

    @ParameterizedTest(name = "{0} heads, D = {1}, E = {2}")
    @CsvSource({"1, 4, 17", "2, 40, 8", "3, 5, 3"})
    default void valuesMayHaveAnotherWidthThanKeys(int heads, int d, int e) {
        Graph graph = Graph.of(g -> g.attention(
                g.input("q", 2, 11, heads * d),
                g.input("k", 2, 13, heads * d),
                g.input("v", 2, 13, heads * e),
                heads,
                false));
        agreesWithTheReference(
                Tolerance.forSumOf(d + 13).times(2),
                graph,
                random(67, 2, 11, heads * d),
                random(68, 2, 13, heads * d),
                random(69, 2, 13, heads * e));
    }

    @Test
    default void theScaleOfTheScoresIsTheOps() {
        Tensor x = random(70, 1, 19, 32);
        agreesWithTheReference(
                Tolerance.forSumOf(35).times(2),
                x,
                in -> in.g().add(new ProductOp.Attention(2, 0.05f, false), in.x(), in.x(), in.x()));
    }

    /** One value as queries, keys and values, as in unprojected self-attention. */
    @Test
    default void operandsMayBeTheSameValue() {
        agreesWithTheReference(
                Tolerance.forSumOf(60).times(10),
                random(71, 2, 20, 80),
                in -> in.g().attention(in.x(), in.x(), in.x(), 2, true));
    }

    @ParameterizedTest(name = "[3, {0}, {1} x {2}] with {3} keys, causal {4}")
    @CsvSource({
        "1, 1, 8, 1, false",
        "17, 2, 40, 77, false",
        "77, 3, 64, 77, true",
        "64, 2, 40, 64, false",
        "5, 1, 80, 300, false"
    })
    default void attentionDoesNotDependOnTheBatch(int queries, int heads, int d, int keys, boolean causal) {
        Tensor keysAndValues = random(72, 3, keys, heads * d);
        doesNotDependOnTheBatch(random(73, 3, queries + keys, heads * d), in -> {
            Value q = in.g().slice(in.x(), 1, 0, queries);
            Value k = in.g().slice(in.x(), 1, queries, queries + keys);
            Value v = in.g().multiply(k, in.constant(keysAndValues.slice(0, 1).reshape(keys, heads * d)));
            return in.g().attention(q, k, v, heads, causal);
        });
    }

    /** In whichever block of keys NaN is, and if it fills one, each query that sees it becomes NaN. */
    @ParameterizedTest(name = "NaN in keys {0} to {1}, causal {2}")
    @CsvSource({"0, 256, false", "0, 256, true", "256, 512, false", "256, 512, true", "300, 301, true", "0, 600, false"
    })
    default void aNaNIsNotLost(int from, int to, boolean causal) {
        int keys = 600;
        Tensor k = random(74, 1, keys, 8);
        for (int i = from * 8; i < to * 8; i++) {
            k.data().setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, Float.NaN);
        }
        Graph graph = Graph.of(g ->
                g.attention(g.input("q", 1, keys, 8), g.input("k", 1, keys, 8), g.input("v", 1, keys, 8), 1, causal));
        agreesWithTheReference(
                Tolerance.forSumOf(keys).times(4), graph, random(75, 1, keys, 8), k, random(76, 1, keys, 8));
    }

    /** Keys at minus infinity weigh nothing, a whole block of them too. */
    @Test
    default void infinitelyLowScoresWeighNothing() {
        Tensor k = random(77, 1, 600, 1);
        for (int i = 0; i < 300; i++) {
            k.data().setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, Float.NEGATIVE_INFINITY);
        }
        Graph graph = Graph.of(
                g -> g.attention(g.input("q", 1, 5, 1), g.input("k", 1, 600, 1), g.input("v", 1, 600, 1), 1, false));
        agreesWithTheReference(
                Tolerance.forSumOf(600).times(4), graph, filled(0.5f, 1, 5, 1), k, random(78, 1, 600, 1));
    }
}
