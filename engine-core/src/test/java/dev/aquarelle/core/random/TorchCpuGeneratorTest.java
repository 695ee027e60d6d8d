package dev.aquarelle.core.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.tensor.TensorException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The numbers that {@code torch.Generator().manual_seed(42)} gives; more seeds and shapes are in golden group 10. */
class TorchCpuGeneratorTest {
    private static final float TOLERANCE = 2e-6f;

    @Test
    void theTwisterIsMt19937() {
        MersenneTwister twister = new MersenneTwister(5489);
        int first = twister.nextInt();
        int last = 0;
        for (int i = 2; i <= 10_000; i++) {
            last = twister.nextInt();
        }

        assertThat(Integer.toUnsignedLong(first)).isEqualTo(3499211612L);
        assertThat(Integer.toUnsignedLong(last)).isEqualTo(4123659995L); // the value the C++ standard gives
    }

    @Test
    void fewNumbersComeOneByOneInDoublePrecision() {
        assertClose(new TorchCpuGenerator(42).randn(3).toFloatArray(), 0.33669037f, 0.1288094f, 0.23446237f);
    }

    @Test
    void manyNumbersComeInBlocksOfSixteen() {
        float[] values = new TorchCpuGenerator(42).randn(16).toFloatArray();

        assertClose(Arrays.copyOf(values, 4), 1.9269153f, 1.4872841f, 0.9007172f, -2.105521f);
        assertClose(Arrays.copyOfRange(values, 13, 16), -0.5594302f, -0.7688389f, 0.7624454f);
    }

    @Test
    void anIncompleteLastBlockIsDrawnAnew() {
        float[] values = new TorchCpuGenerator(42).randn(17).toFloatArray();

        assertClose(Arrays.copyOf(values, 4), 1.9269153f, -0.15959747f, -0.49739754f, 0.43958926f);
        assertClose(Arrays.copyOfRange(values, 14, 17), -0.2515753f, 0.8598585f, -0.30972677f);
    }

    @Test
    void callsFollowOneAnother() {
        TorchCpuGenerator generator = new TorchCpuGenerator(42);
        generator.randn(1, 4, 4, 4);

        assertClose(Arrays.copyOf(generator.randn(5).toFloatArray(), 2), 0.13314196f, 0.8639777f);
        float[] withCached =
                generator.randn(3).toFloatArray(); // begins with the second normal of the pair that 5 left over
        assertClose(withCached, -0.20889392f, -0.38702095f, 0.99123776f);
        assertClose(Arrays.copyOf(generator.randn(20).toFloatArray(), 2), 0.010868144f, -0.33874235f);
    }

    @Test
    void onlyTheLowHalfOfTheSeedMatters() {
        assertThat(new TorchCpuGenerator(5).randn(16).toFloatArray())
                .isEqualTo(new TorchCpuGenerator(0xABCD_0000_0005L).randn(16).toFloatArray())
                .isNotEqualTo(new TorchCpuGenerator(6).randn(16).toFloatArray());
    }

    @Test
    void uniformNumbersAndIntegersAreExact() {
        float[] uniform = new TorchCpuGenerator(42).rand(20).toFloatArray();

        assertThat(Arrays.copyOf(uniform, 4)).containsExactly(0.88226926f, 0.91500396f, 0.38286376f, 0.95930564f);
        assertThat(new TorchCpuGenerator(42).randint(0, 1000, 10))
                .containsExactly(542, 67, 876, 414, 26, 335, 620, 924, 950, 113);
        assertThat(new TorchCpuGenerator(42).randint(-5, -4, 3)).containsOnly(-5);
    }

    @Test
    void integersNeedARange() {
        assertThatThrownBy(() -> new TorchCpuGenerator(1).randint(3, 3, 1)).isInstanceOf(TensorException.class);
        assertThatThrownBy(() -> new TorchCpuGenerator(1).randint(Long.MIN_VALUE, Long.MAX_VALUE, 1))
                .isInstanceOf(TensorException.class);
    }

    /** The start of a 512x512 picture, on every machine. */
    @Test
    void theBitsNeverChange() {
        assertThat(Arrays.hashCode(new TorchCpuGenerator(42).randn(1, 4, 64, 64).toFloatArray()))
                .isEqualTo(-1026302614);
        assertThat(Arrays.hashCode(new PhiloxGenerator(42).randn(1, 4, 64, 64).toFloatArray()))
                .isEqualTo(-1341164930);
    }

    private static void assertClose(float[] actual, float... expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).as("number %d", i).isCloseTo(expected[i], within(TOLERANCE));
        }
    }
}
