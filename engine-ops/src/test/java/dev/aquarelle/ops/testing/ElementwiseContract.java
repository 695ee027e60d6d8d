package dev.aquarelle.ops.testing;

import static dev.aquarelle.ops.testing.RandomTensors.filled;
import static dev.aquarelle.ops.testing.RandomTensors.normal;
import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.RandomTensors.stored;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Activations over all magnitudes, and sums and products with repeated operands. */
public interface ElementwiseContract extends OpContract {

    @ParameterizedTest
    @EnumSource
    default void activationsAgreeAtEveryMagnitude(Activation function) {
        agreesWithTheReference(
                Tolerance.forActivation(), everyMagnitude(), in -> in.g().activate(in.x(), function));
        agreesWithTheReference(
                Tolerance.forActivation(),
                normal(101, 0, 4, 20_001),
                in -> in.g().activate(in.x(), function));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 35, 77})
    default void activationsAgreeForEveryCount(int count) {
        for (Activation function : Activation.values()) {
            agreesWithTheReference(
                    Tolerance.forActivation(),
                    normal(102, 0, 3, count),
                    in -> in.g().activate(in.x(), function));
        }
    }

    /** One sample of each pattern of sign, exponent and leading mantissa bits: zeros, denormals, infinities and NaN among them. */
    static Tensor everyMagnitude() {
        Random random = new Random(103);
        float[] values = new float[1 << 16];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(i << 16 | random.nextInt(1 << 16));
        }
        float[] special = {
            0f,
            -0f,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN,
            Float.MIN_VALUE,
            -Float.MIN_VALUE,
            Float.MIN_NORMAL,
            Float.MAX_VALUE,
            -Float.MAX_VALUE,
            88.72284f,
            -87.33655f,
            -103.97208f,
            5.9f,
            -5.9f
        };
        System.arraycopy(special, 0, values, 0, special.length);
        return Tensor.of(values, values.length);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 15, 16, 17, 33, 40, 77, 320})
    default void geGluAgrees(int width) {
        agreesWithTheReference(
                Tolerance.forActivation().times(10),
                normal(104, 0, 2, 2, 3, 2 * width),
                in -> in.g().geGlu(in.x()));
    }

    /** How near a scaled number must be to the one that is rounded once. */
    default Tolerance scaleTolerance() {
        return Tolerance.EXACT;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 15, 16, 17, 31, 33, 40, 77, 320})
    default void sumsAndProductsAreRoundedOnce(int count) {
        Tensor a = random(105, 3, count);
        Tensor b = random(106, 3, count);
        agreesWithTheReference(
                Tolerance.EXACT, Graph.of(g -> g.add(g.input("a", 3, count), g.input("b", 3, count))), a, b);
        agreesWithTheReference(
                Tolerance.EXACT, Graph.of(g -> g.multiply(g.input("a", 3, count), g.input("b", 3, count))), a, b);
        agreesWithTheReference(scaleTolerance(), a, in -> in.g().scale(in.x(), 1.7f, -0.3f));
    }

    @Test
    default void scaleIsRoundedOnceAtEveryMagnitude() {
        agreesWithTheReference(scaleTolerance(), everyMagnitude(), in -> in.g().scale(in.x(), 1.0000001f, 3e-5f));
        agreesWithTheReference(Tolerance.EXACT, everyMagnitude(), in -> in.g().scale(in.x(), 0.18215f, 0));
    }

    @ParameterizedTest(name = "{0} repeated over {1}")
    @CsvSource({"1, 40", "5, 33", "3, 1", "17, 17", "320, 4", "33, 3"})
    default void theSecondOperandRepeats(int inner, int outer) {
        Tensor a = random(107, outer, 2, inner);
        Tensor row = random(108, inner);
        Tensor plane = random(109, 2, inner);
        agreesWithTheReference(Tolerance.EXACT, a, in -> in.g().add(in.x(), in.constant(row)));
        agreesWithTheReference(Tolerance.EXACT, a, in -> in.g().add(in.x(), in.constant(plane)));
        agreesWithTheReference(Tolerance.EXACT, a, in -> in.g().multiply(in.x(), in.constant(row)));
        agreesWithTheReference(Tolerance.EXACT, a, in -> in.g().multiply(in.x(), in.constant(plane)));
        agreesWithTheReference(Tolerance.EXACT, a, in -> in.g().add(in.x(), in.constant(stored(row, DType.F16))));
        agreesWithTheReference(Tolerance.EXACT, a, in -> in.g().multiply(in.x(), in.constant(filled(0.5f))));
    }

    @Test
    default void aValueMayBeBothOperands() {
        agreesWithTheReference(Tolerance.EXACT, random(110, 3, 17), in -> in.g().add(in.x(), in.x()));
        agreesWithTheReference(Tolerance.EXACT, random(111, 3, 17), in -> in.g().multiply(in.x(), in.x()));
    }

    @ParameterizedTest(name = "[{0}, {1}, {2}, {3}]")
    @CsvSource({"1, 1, 1, 1", "2, 7, 9, 33", "3, 4, 4, 5", "1, 8, 8, 320", "2, 1, 3, 17"})
    default void addPerChannelAgrees(int n, int h, int w, int c) {
        Graph images = Graph.of(g -> g.addPerChannel(g.input("x", n, h, w, c), g.input("temb", n, c)));
        agreesWithTheReference(Tolerance.EXACT, images, random(112, n, h, w, c), random(113, n, c));
        Graph tokens = Graph.of(g -> g.addPerChannel(g.input("x", n, h * w, c), g.input("temb", n, c)));
        agreesWithTheReference(Tolerance.EXACT, tokens, random(114, n, h * w, c), random(115, n, c));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 17, 40, 77})
    default void elementwiseDoesNotDependOnTheBatch(int c) {
        for (Activation function : Activation.values()) {
            doesNotDependOnTheBatch(normal(116, 0, 3, 3, 5, c), in -> in.g().activate(in.x(), function));
        }
        doesNotDependOnTheBatch(normal(117, 0, 3, 3, 5, 2 * c), in -> in.g().geGlu(in.x()));
        doesNotDependOnTheBatch(random(118, 3, 5, c), in -> in.g().add(in.x(), in.constant(random(119, 5, c))));
    }
}
