package dev.aquarelle.sd.schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SigmasTest {
    private static final SigmaTable TABLE =
            SigmaTable.of(NoiseSchedule.of(BetaSchedule.SCALED_LINEAR, 0.00085, 0.012, 1000));

    @ParameterizedTest
    @EnumSource
    void everyNumberOfStepsHasSoManyTimestepsOfTheTrainings(TimestepSpacing spacing) {
        for (int steps = 1; steps <= 1000; steps++) {
            double[] timesteps = spacing.timesteps(steps, 1000, 0);
            assertThat(timesteps).hasSize(steps);
            for (int i = 0; i < steps; i++) {
                assertThat(timesteps[i]).isBetween(0.0, i == 0 ? 999 : timesteps[i - 1]);
            }
            assertThat(spacing.timestepsBeforeTheEnd(steps, 1000, 1000, 0)).hasSize(steps);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OF_TIMESTEPS")
    void sigmasFallFromOneEndToTheOther(SigmaSpacing spacing) {
        double[] sigmas = spacing.between(14.6, 0.03, 9);

        assertThat(sigmas).hasSize(9);
        assertThat(sigmas[0]).isCloseTo(14.6, within(1e-10));
        assertThat(sigmas[8]).isCloseTo(0.03, within(1e-10));
        for (int i = 1; i < 9; i++) {
            assertThat(sigmas[i]).isLessThan(sigmas[i - 1]);
        }
        assertThat(spacing.between(14.6, 0.03, 1)[0]).isCloseTo(14.6, within(1e-10));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.4, 17.25, 500, 998.5, 999})
    void aTimestepIsFoundAgainBySigma(double timestep) {
        assertThat(TABLE.timestepsOf(TABLE.at(new double[] {timestep}))[0]).isCloseTo(timestep, within(0.05));
    }

    @Test
    void outsideTheTableItsEndsCount() {
        assertThat(TABLE.timestepsOf(new double[] {0, 1e-4, 1000})).containsExactly(0, 0, 999);
        assertThat(TABLE.at(new double[] {-1, 2000})).containsExactly(TABLE.first(), TABLE.last());
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-6, 0.01, 0.3, 0.5, 0.77, 0.999999})
    void quantilesOfTheBetaDistributionInvertItsProbability(double p) {
        double x = BetaDistribution.quantile(p, 0.6, 0.6);

        assertThat(BetaDistribution.probabilityBelow(x, 0.6, 0.6)).isCloseTo(p, within(1e-12));
        assertThat(BetaDistribution.quantile(1 - p, 0.6, 0.6)).isCloseTo(1 - x, within(1e-9));
        assertThat(BetaDistribution.quantile(p, 1, 1)).isCloseTo(p, within(1e-12));
    }

    @Test
    void anEstimatedRootIsOneUnitOffAtMost() {
        for (float x = 1e-30f; x < 1e30f; x *= 1.00137f) {
            int units = Float.floatToRawIntBits(EstimatedRoot.of(x)) - Float.floatToRawIntBits((float) Math.sqrt(x));
            assertThat(units).as("root of %s", x).isBetween(-1, 1);
        }
        assertThat(EstimatedRoot.of(0)).isZero();
        assertThat(EstimatedRoot.of(Float.MIN_VALUE)).isEqualTo((float) Math.sqrt(Float.MIN_VALUE));
        assertThat(EstimatedRoot.of(Float.POSITIVE_INFINITY)).isInfinite();
    }

    @Test
    void thresholdsAreEachSamplesOwn() {
        Clipping clipping = new Clipping(true, 1, 4, false, 1);

        float[] clipped = clipping.apply(new float[] {0.5f, -2, 0.5f, 8}, 2);

        assertThat(clipped).containsExactly(0.25f, -1, 0.125f, 1);
        assertThat(new Clipping(false, 1, 1, true, 1.5).apply(new float[] {2, -3, 1}, 1))
                .containsExactly(1.5f, -1.5f, 1);
    }
}
