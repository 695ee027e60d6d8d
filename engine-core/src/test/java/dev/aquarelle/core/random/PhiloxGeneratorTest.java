package dev.aquarelle.core.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The noise other front ends call "NV", for seed 42; more seeds and shapes are in golden group 10. */
class PhiloxGeneratorTest {

    @Test
    void numbersAreThoseOfTheReference() {
        float[] values = new PhiloxGenerator(42).randn(1, 4, 8, 8).toFloatArray();

        assertThat(values[0]).isCloseTo(0.19401887f, within(3e-6f));
        assertThat(values[1]).isCloseTo(2.161374f, within(3e-6f));
        assertThat(values[99]).isCloseTo(-0.6817075f, within(3e-6f));
    }

    @Test
    void anElementDoesNotDependOnTheSize() {
        float[] many = new PhiloxGenerator(42).randn(100).toFloatArray();

        assertThat(new PhiloxGenerator(42).randn(3, 7).toFloatArray()).isEqualTo(Arrays.copyOf(many, 21));
    }

    @Test
    void everyCallDrawsOtherNumbers() {
        PhiloxGenerator generator = new PhiloxGenerator(42);
        generator.randn(64);

        assertThat(generator.randn(64).getFloat(0)).isCloseTo(0.13913755f, within(3e-6f));
        assertThat(generator.randn(64).getFloat(0)).isCloseTo(-0.51874876f, within(3e-6f));
    }

    @Test
    void theWholeSeedMatters() {
        assertThat(new PhiloxGenerator(5).randn(4).toFloatArray())
                .isNotEqualTo(new PhiloxGenerator(5 + (1L << 32)).randn(4).toFloatArray());
    }
}
