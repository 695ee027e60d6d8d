package dev.aquarelle.core.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Increments of torchsde 0.2.6's {@code BrownianTree} between Stable Diffusion's smallest and largest sigma. */
class BrownianPathTest {
    private static final double START = 0.0291675f;
    private static final double END = 14.614642f;

    private static BrownianPath path(long seed, LongFunction<Generator> generators, int... dims) {
        return new BrownianPath(seed, generators, START, END, dims);
    }

    private static float[] increment(BrownianPath path, double from, double to) {
        return path.increment(from, to).toFloatArray();
    }

    @ParameterizedTest
    @CsvSource({
        "7, 9.3, 14.7, 1.04683518409729, 2.951007843017578, 0.21866095066070557, -1.3140056133270264",
        "7, 5.5, 14.614642, 5.321901321411133, 3.466660737991333, -0.5007177591323853, -0.8142220377922058",
        "7, 0.02, 0.1, -0.019699178636074066, 0.09398894757032394, 0.20067062973976135, 0.03501065820455551",
        "7, 3, 3.000001, 0.000660349556710571, 0.0009813526412472129, -0.0016879509203135967, 0.0014454390620812774",
        "0, 0.0291675, 14.614642, -6.681768894195557, 5.067955017089844, -0.6843739748001099, -0.09995262324810028",
        "987654321987654321, 9.3, 14.7, 1.3458406925201416, -0.2800370454788208, 5.108823299407959,"
                + " -0.28840935230255127",
        "-1, 5.5, 14.614642, 2.052593469619751, 2.707303047180176, -2.262718439102173, 5.464820384979248"
    })
    void incrementsOfPhiloxAreTorchsdesToTheBit(
            long seed, double from, double to, float first, float second, float third, float fourth) {
        BrownianPath path = path(seed, PhiloxGenerator::new, 4);

        assertThat(increment(path, from, to)).containsExactly(first, second, third, fourth);
        assertThat(increment(path, to, from)).containsExactly(-first, -second, -third, -fourth);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 9.3, 14.7, -0.24326425790786743, 3.24269962310791, 0.3163565397262573",
        "7, 5.5, 14.614642, -0.816053032875061, 0.13899946212768555, -2.004128932952881",
        "7, 0.02, 0.1, -0.4543948471546173, -0.20697228610515594, 0.08758652955293655",
        "987654321987654321, 3, 3.000001, -0.0018635442247614264, 0.0013344784965738654, -0.0008782503427937627"
    })
    void incrementsOfTorchsGeneratorAreTorchsdesButForItsLastBits(
            long seed, double from, double to, float first, float second, float third) {
        float[] increment = increment(path(seed, TorchCpuGenerator::new, 16), from, to);

        assertThat(increment[0]).isCloseTo(first, within(2e-6f));
        assertThat(increment[1]).isCloseTo(second, within(2e-6f));
        assertThat(increment[2]).isCloseTo(third, within(2e-6f));
    }

    @Test
    void aPathIsTheSameWhateverWasAskedBefore() {
        BrownianPath asked = path(3, PhiloxGenerator::new, 5);
        Random random = new Random(1);
        List<double[]> intervals = new ArrayList<>();
        List<float[]> increments = new ArrayList<>();
        for (int i = 0; i < 40; i++) { // more halves than are kept
            double[] interval = {END * random.nextDouble(), END * random.nextDouble()};
            intervals.add(interval);
            increments.add(increment(asked, interval[0], interval[1]));
        }
        for (int i = 0; i < intervals.size(); i += 5) {
            float[] fresh = increment(
                    path(3, PhiloxGenerator::new, 5),
                    intervals.get(i)[0],
                    intervals.get(i)[1]);
            assertThat(fresh).isEqualTo(increments.get(i));
        }
    }

    @Test
    void aWayIsTheSumOfItsParts() {
        BrownianPath path = path(3, PhiloxGenerator::new, 4);
        float[] whole = increment(path, 2, 9);
        float[] first = increment(path, 2, 4.7);
        float[] second = increment(path, 4.7, 9);
        for (int i = 0; i < whole.length; i++) {
            assertThat(first[i] + second[i]).isCloseTo(whole[i], within(1e-5f));
        }
    }

    @Test
    void outsideOfItsEndsAPathStaysWhereItIs() {
        BrownianPath path = path(3, PhiloxGenerator::new, 2);

        assertThat(increment(path, START, 0)).containsOnly(0);
        assertThat(increment(path, 5, 5)).containsOnly(0);
        assertThat(increment(path, -3, 50)).isEqualTo(increment(path, START, END));
        assertThat(increment(new BrownianPath(3, PhiloxGenerator::new, 2, 2, 2), 2, 1))
                .containsOnly(0);
    }

    @Test
    void theVarianceOfAnIncrementIsItsLength() {
        int count = 20_000;
        BrownianPath path = path(5, PhiloxGenerator::new, count);
        float[] high = increment(path, 6.1, 8.6);
        float[] low = increment(path, 5.6, 6.1);
        double ofHigh = 0;
        double ofLow = 0;
        double ofBoth = 0;
        for (int i = 0; i < count; i++) {
            ofHigh += high[i] * high[i] / count;
            ofLow += low[i] * low[i] / count;
            ofBoth += high[i] * low[i] / count;
        }
        assertThat(ofHigh).isCloseTo(2.5, within(0.1));
        assertThat(ofLow).isCloseTo(0.5, within(0.02));
        assertThat(ofBoth).isCloseTo(0, within(0.04));
    }

    @Test
    void endsThatAreNoneAreRefused() {
        assertThatThrownBy(() -> new BrownianPath(3, PhiloxGenerator::new, 2, 1, 4))
                .hasMessage("path: expected a finite end not below its start, found 2.0 to 1.0");
        assertThatThrownBy(() -> new BrownianPath(3, PhiloxGenerator::new, 0, Double.POSITIVE_INFINITY, 4))
                .hasMessageContaining("0.0 to Infinity");
    }
}
