package dev.aquarelle.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How exact the functions are, in units in the last place of the result. */
class ScalarMathTest {
    private static final float INF = Float.POSITIVE_INFINITY;

    private interface Function {
        float of(float x);
    }

    @Test
    void exp2IsExactToThreeUnits() {
        assertUnits(3, ScalarMath::exp2, x -> Math.pow(2, x), -125, 1);
        assertThat(ScalarMath.exp2(0)).isEqualTo(1);
        assertThat(ScalarMath.exp2(-INF)).isZero();
        assertThat(ScalarMath.exp2(-125.5f)).isZero();
        assertThat(ScalarMath.exp2(Float.NaN)).isNaN();
    }

    @Test
    void expIsExactToAUnit() {
        assertUnits(1, ScalarMath::exp, StrictMath::exp, -86.9f, 88.72f);
    }

    @Test
    void sigmoidsAreExactToThreeUnits() {
        assertUnits(3, ScalarMath::sigmoid, x -> 1 / (1 + StrictMath.exp(-x)), -86, 1e30f);
        assertUnits(3, ScalarMath::silu, x -> x / (1 + StrictMath.exp(-x)), -86, 1e30f);
    }

    @Test
    void tanhIsExactToTwoUnits() {
        assertUnits(2, ScalarMath::tanh, StrictMath::tanh, -1e30f, 1e30f);
    }

    /** The far tail too, where {@code 1 + erf} would have no digits left. */
    @Test
    void geluIsExactToSixUnits() {
        assertUnits(6, ScalarMath::gelu, x -> x * normalCumulative(x), -12.5f, 1e30f);
    }

    /** Their arguments are rounded before exp: an error of half a unit of a number up to 40 is one of 40 half units of exp. */
    @Test
    void otherGelusLoseWhatTheirArgumentsLose() {
        assertUnits(40, ScalarMath::quickGelu, x -> x / (1 + StrictMath.exp(-1.702 * x)), -20, 1e30f);
        assertUnits(
                40,
                ScalarMath::geluTanh,
                x -> x / (1 + StrictMath.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
                -5,
                1e30f);
    }

    @Test
    void extremesAreLimits() {
        assertThat(ScalarMath.exp(-INF)).isZero();
        assertThat(ScalarMath.exp(-87.5f)).isZero();
        assertThat(ScalarMath.exp(88.73f)).isEqualTo(INF);
        assertThat(ScalarMath.exp(89)).isEqualTo(INF);
        assertThat(ScalarMath.sigmoid(-INF)).isZero();
        assertThat(ScalarMath.sigmoid(INF)).isEqualTo(1);
        assertThat(ScalarMath.tanh(-INF)).isEqualTo(-1);
        assertThat(ScalarMath.tanh(INF)).isEqualTo(1);
        assertThat(ScalarMath.relu(-INF)).isZero();
        assertThat(ScalarMath.silu(INF)).isEqualTo(INF);
        assertThat(ScalarMath.gelu(INF)).isEqualTo(INF);
        assertThat(ScalarMath.geluTanh(INF)).isEqualTo(INF);
        assertThat(ScalarMath.quickGelu(INF)).isEqualTo(INF);
    }

    @ParameterizedTest
    @ValueSource(floats = {0f, -0f, Float.MIN_VALUE, -Float.MIN_VALUE})
    void tanhOfTheSmallestNumbersIsTheNumber(float x) {
        assertThat(Float.floatToIntBits(ScalarMath.tanh(x))).isEqualTo(Float.floatToIntBits(x));
    }

    @Test
    void nanStays() {
        assertThat(ScalarMath.exp(Float.NaN)).isNaN();
        for (var function : dev.aquarelle.ops.graph.Activation.values()) {
            assertThat(ScalarMath.activate(function, Float.NaN))
                    .as("%s", function)
                    .isNaN();
        }
    }

    /** Every 4001st float of the range: a million or so. */
    private static void assertUnits(double limit, Function function, DoubleUnaryOperator exact, float from, float to) {
        double worst = 0;
        float at = 0;
        for (long bits = Integer.MIN_VALUE; bits <= Integer.MAX_VALUE; bits += 4001) {
            float x = Float.intBitsToFloat((int) bits);
            if (x >= from && x <= to) {
                double expected = exact.applyAsDouble(x);
                double units = Math.abs(function.of(x) - expected) / Math.ulp((float) Math.abs(expected));
                if (!(units <= worst)) {
                    worst = Double.isNaN(units)
                            ? Double.POSITIVE_INFINITY
                            : units; // the next comparison would forget NaN
                    at = x;
                }
            }
        }
        assertThat(worst)
                .as("units of error at %s, which gives %s, expected %s", at, function.of(at), exact.applyAsDouble(at))
                .isLessThanOrEqualTo(limit);
    }

    /** A series near 0, a continued fraction in the tail (Abramowitz and Stegun 26.2.11 and 26.2.14). */
    private static double normalCumulative(double x) {
        double a = Math.abs(x);
        double density = StrictMath.exp(-a * a / 2) / Math.sqrt(2 * Math.PI);
        double tail;
        if (a < 2.5) {
            double term = a;
            double sum = a;
            for (int k = 3; k < 100; k += 2) {
                term *= a * a / k;
                sum += term;
            }
            tail = 0.5 - density * sum;
        } else {
            double fraction = 0;
            for (int k = 100; k > 0; k--) {
                fraction = k / (a + fraction);
            }
            tail = density / (a + fraction);
        }
        return x > 0 ? 1 - tail : tail;
    }
}
