package dev.aquarelle.sd.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import org.junit.jupiter.api.Test;

class DiagonalGaussianTest {
    // two pixels of two channels: means 1 2 and 3 4
    private final Tensor moments = Tensor.of(new float[] {1, 2, 0, -100, 3, 4, 100, 2}, 1, 1, 2, 4);

    @Test
    void takesTheEncodersOutputApart() {
        DiagonalGaussian gaussian = DiagonalGaussian.of(moments);

        assertThat(gaussian.mean().shape().dims()).containsExactly(1, 1, 2, 2);
        assertThat(gaussian.mean().toFloatArray()).containsExactly(1, 2, 3, 4);
        assertThat(gaussian.logvar().toFloatArray()).containsExactly(0, -30, 20, 2);
        assertThat(gaussian.std().toFloatArray())
                .containsExactly(1, (float) Math.exp(-15), (float) Math.exp(10), (float) Math.exp(1));
    }

    @Test
    void aSampleIsTheMeanAndNoiseTimesTheDeviation() {
        DiagonalGaussian gaussian = DiagonalGaussian.of(Tensor.of(new float[] {5, 7, 0, 0}, 1, 1, 1, 4));

        assertThat(gaussian.sample(Tensor.of(new float[] {0.5f, -2}, 1, 1, 1, 2))
                        .toFloatArray())
                .containsExactly(5.5f, 5);
        assertThatThrownBy(() -> gaussian.sample(Tensor.of(new float[4], 1, 1, 2, 2)))
                .isInstanceOf(TensorException.class)
                .hasMessage("noise: expected [1, 1, 1, 2], found [1, 1, 2, 2]");
    }

    @Test
    void anOddNumberOfChannelsIsRefused() {
        assertThatThrownBy(() -> DiagonalGaussian.of(Tensor.of(new float[3], 1, 1, 1, 3)))
                .isInstanceOf(TensorException.class)
                .hasMessageContaining("expected an even number of channels");
    }
}
