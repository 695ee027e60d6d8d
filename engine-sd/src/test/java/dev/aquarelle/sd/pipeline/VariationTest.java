package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.random.Generator;
import dev.aquarelle.core.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** The numbers are those of the web UI's formula in PyTorch. */
class VariationTest {
    private static final float[] LOW = {
        -1.25f, 0.5f, 0.25f, 0.75f, -0.75f, 1.25f, 1.25f, -0.75f, 0.75f, 0.25f, 0.5f, -1.25f
    };
    private static final float[] HIGH = {-1.5f, -0.25f, 0.25f, 0.0f, -1.0f, 0.5f, 1.25f, 1.25f, 0.5f, -1.0f, 0.0f, 0.25f
    };

    private static Generator giving(float[] values) {
        return dims -> Tensor.of(values, dims);
    }

    @Test
    void eachColumnOfEachChannelIsTurnedByItself() {
        assertThat(new Variation(giving(LOW), giving(HIGH), 0.3)
                        .randn(1, 2, 3, 2)
                        .toFloatArray())
                .containsExactly(
                        new float[] {
                            -1.3254620f,
                            0.2929538f,
                            0.2500850f,
                            0.5691138f,
                            -0.8252920f,
                            1.1214337f,
                            1.2678031f,
                            0.0388466f,
                            0.6841366f,
                            -0.4798815f,
                            0.3540307f,
                            -1.4027580f
                        },
                        within(1e-6f));
    }

    @Test
    void noiseOfTheSameSeedStaysAsItIs() {
        assertThat(new Variation(giving(LOW), giving(LOW), 0.3)
                        .randn(1, 2, 3, 2)
                        .toFloatArray())
                .containsExactly(LOW, within(1e-6f));
    }
}
