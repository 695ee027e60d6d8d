package dev.aquarelle.ops.testing;

import static dev.aquarelle.ops.testing.RandomTensors.filled;
import static dev.aquarelle.ops.testing.RandomTensors.normal;
import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.RandomTensors.stored;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Value;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Normalizations and softmax, where they are numerically hard: large means, constant input, extreme scores. */
public interface NormContract extends OpContract {

    @ParameterizedTest(name = "[{0}, {1}, {2}, {3}] in {4} groups")
    @CsvSource({
        "1, 1, 1, 32, 32", // one value a group: all bias
        "1, 1, 1, 1, 1",
        "2, 7, 9, 64, 32", // an odd plane
        "1, 64, 64, 320, 32", // SD 1.5's first block
        "1, 5, 5, 33, 33",
        "1, 3, 7, 33, 3",
        "2, 9, 7, 40, 4",
        "1, 4, 5, 17, 1",
        "1, 6, 6, 5, 5",
        "3, 2, 3, 77, 7",
        "1, 13, 11, 96, 2"
    })
    default void groupNormAgrees(int n, int h, int w, int c, int groups) {
        agreesWithTheReference(
                Tolerance.forSumOf((long) c / groups * h * w),
                random(81, n, h, w, c),
                in -> groupNorm(in, in.x(), groups, 1e-5f));
    }

    @ParameterizedTest(name = "[{0}, {1}, {2}]")
    @CsvSource({"2, 10, 8", "1, 77, 33", "1, 1, 40"})
    default void groupNormOfTokensAgrees(int n, int length, int c) {
        agreesWithTheReference(
                Tolerance.forSumOf((long) c * length), random(82, n, length, c), in -> groupNorm(in, in.x(), 1, 1e-6f));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 15, 16, 17, 31, 33, 35, 40, 64, 77, 320, 768, 1280})
    default void layerNormAgrees(int c) {
        Tolerance tolerance = Tolerance.forSumOf(c);
        agreesWithTheReference(tolerance, random(83, 2, 3, c), in -> in.g().layerNorm(in.x(), 1e-5f));
        agreesWithTheReference(tolerance, random(84, 7, c), in -> layerNorm(in, in.x()));
        agreesWithTheReference(tolerance, random(85, c), in -> layerNorm(in, in.x()));
    }

    /** Mean a thousand times the deviation: a variance as difference of squares would have no digit left. */
    @Test
    default void aLargeMeanCostsNoMoreThanItsRounding() {
        double mean = 1000;
        Tolerance tolerance = Tolerance.absolute(8 * mean * 0x1p-24);
        agreesWithTheReference(tolerance, normal(86, mean, 1, 1, 9, 7, 40), in -> groupNorm(in, in.x(), 4, 1e-6f));
        agreesWithTheReference(tolerance, normal(87, mean, 1, 4, 768), in -> layerNorm(in, in.x()));
    }

    /** The difference from the mean is nothing but the mean's rounding, which epsilon keeps small. */
    @ParameterizedTest
    @ValueSource(floats = {0, 1, 3.7f, -1234.5f, 1e-30f})
    default void aConstantInputBecomesTheBias(float value) {
        double epsilon = 1e-5;
        Tolerance tolerance = Tolerance.absolute(8 * Math.abs(value) * 0x1p-24 / Math.sqrt(epsilon));
        agreesWithTheReference(tolerance, filled(value, 1, 4, 5, 24), in -> groupNorm(in, in.x(), 3, (float) epsilon));
        agreesWithTheReference(tolerance, filled(value, 3, 77), in -> layerNorm(in, in.x()));
    }

    @Test
    default void weightsOfANormAreWidened() {
        for (DType dtype : new DType[] {DType.F64, DType.F16, DType.BF16}) {
            Tensor weight = stored(random(88, 40), dtype);
            Tensor bias = stored(random(89, 40), dtype);
            agreesWithTheReference(
                    Tolerance.forSumOf(100),
                    random(90, 1, 3, 3, 40),
                    in -> in.g().groupNorm(in.x(), in.constant(weight), in.constant(bias), 4, 1e-5f));
            agreesWithTheReference(
                    Tolerance.forSumOf(40),
                    random(91, 9, 40),
                    in -> in.g().layerNorm(in.x(), in.constant(weight), in.constant(bias), 1e-5f));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 15, 16, 17, 31, 33, 35, 40, 77, 320, 4096})
    default void softmaxAgrees(int length) {
        agreesWithTheReference(
                softmaxTolerance(), normal(92, 0, 3, 3, 2, length), in -> in.g().softmax(in.x()));
    }

    @Test
    default void softmaxOfExtremesAgrees() {
        float inf = Float.POSITIVE_INFINITY;
        float[] scores = {
            1e30f, -1e30f, 3e38f, 3e38f, 0, // the largest twice: half each
            -inf, 0, -inf, 1, -inf, // minus infinity counts as nothing
            -3e38f, -3e38f, -3e38f, -3e38f, -3e38f, 88, -88, 89, -104,
            87.5f, // around where exp overflows and underflows
            -inf, -inf, -inf, -inf, 7
        };
        agreesWithTheReference(
                softmaxTolerance(), Tensor.of(scores, 5, 5), in -> in.g().softmax(in.x()));
        agreesWithTheReference(
                softmaxTolerance(), normal(93, 0, 80, 6, 77), in -> in.g().softmax(in.x()));
    }

    @ParameterizedTest(name = "[3, {0}, {1}, {2}] in {3} groups")
    @CsvSource({"1, 1, 32, 32", "7, 9, 33, 3", "16, 16, 40, 4", "5, 3, 17, 1", "48, 47, 16, 2"})
    default void groupNormDoesNotDependOnTheBatch(int h, int w, int c, int groups) {
        doesNotDependOnTheBatch(random(94, 3, h, w, c), in -> groupNorm(in, in.x(), groups, 1e-5f));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 17, 40, 77, 320})
    default void rowsDoNotDependOnTheBatch(int c) {
        doesNotDependOnTheBatch(random(95, 3, 5, c), in -> layerNorm(in, in.x()));
        doesNotDependOnTheBatch(random(96, 3, 5, c), in -> in.g().softmax(in.x()));
    }

    /** Sums of exponentials round like any sum; an exponential itself may be off by a few units. */
    private static Tolerance softmaxTolerance() {
        return new Tolerance(1e-37, 0x1p-19, 0);
    }

    private static Value groupNorm(Input in, Value x, int groups, float epsilon) {
        int c = x.shape().last();
        return in.g().groupNorm(x, in.constant(random(97, c)), in.constant(random(98, c)), groups, epsilon);
    }

    private static Value layerNorm(Input in, Value x) {
        int c = x.shape().last();
        return in.g().layerNorm(x, in.constant(random(97, c)), in.constant(random(98, c)), 1e-5f);
    }
}
