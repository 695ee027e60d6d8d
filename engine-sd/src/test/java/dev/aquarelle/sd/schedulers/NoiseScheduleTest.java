package dev.aquarelle.sd.schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NoiseScheduleTest {
    private static final NoiseSchedule SD = NoiseSchedule.of(BetaSchedule.SCALED_LINEAR, 0.00085, 0.012, 1000);

    @Test
    void linearBetasGoFromStartToEnd() {
        float[] betas =
                NoiseSchedule.of(BetaSchedule.LINEAR, 0.0001, 0.02, 1000).betas();

        assertThat(betas).hasSize(1000);
        assertThat(betas[0]).isEqualTo(0.0001f);
        assertThat(betas[999]).isEqualTo(0.02f);
        assertThat(betas[500] - betas[499]).isCloseTo(0.0199f / 999, within(1e-8f));
    }

    @ParameterizedTest
    @EnumSource(names = {"LINEAR", "SCALED_LINEAR", "SQUAREDCOS_CAP_V2", "SIGMOID", "EXP"})
    void theSignalOnlyFalls(BetaSchedule kind) {
        float[] left = NoiseSchedule.of(kind, 0.0001, 0.02, 1000).alphasCumprod();

        for (int t = 1; t < left.length; t++) {
            assertThat(left[t]).isBetween(0f, left[t - 1]);
        }
    }

    @Test
    void theKnownValuesOfStableDiffusion() {
        assertThat(SD.alphaCumprod(0)).isCloseTo(0.99915f, within(1e-6f));
        assertThat(SD.alphaCumprod(999)).isCloseTo(0.0046600f, within(1e-6f));
    }

    @Test
    void rescaledNothingIsLeftAtTheEndAndTheBeginningStays() {
        NoiseSchedule rescaled = SD.rescaledToZeroTerminalSnr();

        assertThat(rescaled.betas()[999]).isEqualTo(1);
        assertThat(rescaled.alphaCumprod(999)).isZero();
        assertThat(rescaled.alphaCumprod(0)).isCloseTo(SD.alphaCumprod(0), within(1e-6f));
    }

    @Test
    void noiseAndVelocityAreARotationOfSampleAndNoise() {
        Tensor x0 = Tensor.of(new float[] {1, 2, -3, 0.5f}, 2, 2);
        Tensor noise = Tensor.of(new float[] {0.3f, -1, 2, 1}, 2, 2);
        Tensor noisy = SD.addNoise(x0, noise, 10, 700);
        Tensor velocity = SD.velocity(x0, noise, 10, 700);

        for (int i = 0; i < 4; i++) {
            double left = SD.alphaCumprod(i < 2 ? 10 : 700);
            double back = Math.sqrt(left) * noisy.getFloat(i) - Math.sqrt(1 - left) * velocity.getFloat(i);
            assertThat(back).isCloseTo(x0.getFloat(i), within(1e-6));
        }
        assertThat(SD.addNoise(x0, noise, 10).getFloat(1)).isEqualTo(noisy.getFloat(1));
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThatThrownBy(() -> NoiseSchedule.ofBetas(new float[] {0.1f, -0.1f}))
                .hasMessageContaining("-0.1 at timestep 1");
        assertThatThrownBy(() -> NoiseSchedule.ofBetas(new float[] {Float.NaN})).isInstanceOf(SchedulerException.class);
        assertThatThrownBy(() -> NoiseSchedule.ofBetas(new float[0])).isInstanceOf(SchedulerException.class);
        assertThatThrownBy(() -> NoiseSchedule.of(BetaSchedule.LINEAR, 0.1, 2, 10))
                .hasMessageContaining("beta_end");
        assertThatThrownBy(() -> NoiseSchedule.of(BetaSchedule.LINEAR, 0.1, 0.2, Integer.MAX_VALUE))
                .hasMessageContaining("num_train_timesteps");
        assertThatThrownBy(() -> SD.alphaCumprod(1000)).isInstanceOf(SchedulerException.class);
        Tensor four = Tensor.of(new float[4], 4, 1);
        assertThatThrownBy(() -> SD.addNoise(four, four, 1, 2)).isInstanceOf(TensorException.class);
    }
}
