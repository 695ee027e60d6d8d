package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The numbers are those of PyTorch 2.14's {@code interpolate}, of 2 x 3 values {@code (7 i^2 mod 11 - 5) / 4}. */
class LatentResizeTest {
    private static final float[] VALUES = {-1.25f, 0.5f, 0.25f, 0.75f, -0.75f, 1.25f};

    private static float[] larger(LatentResize filter) {
        return switch (filter) {
            case BILINEAR, BILINEAR_ANTIALIASED ->
                new float[] {
                    -1.25f, -0.55f, 0.5f, 0.35f, 0.25f, -0.25f, -0.2f, -0.125f, 0.4f, 0.75f, 0.75f, 0.15f, -0.75f,
                    0.45f, 1.25f
                };
            case BICUBIC ->
                new float[] {
                    -1.6186949f,
                    -0.6030865f,
                    0.6085071f,
                    0.4822879f,
                    0.1204445f,
                    -0.2620001f,
                    -0.2644998f,
                    -0.125f,
                    0.4195001f,
                    0.8340001f,
                    1.094694f,
                    0.0740866f,
                    -0.8585068f,
                    0.3567124f,
                    1.5475557f
                };
            case BICUBIC_ANTIALIASED ->
                new float[] {
                    -1.5297911f,
                    -0.6749557f,
                    0.5822366f,
                    0.4117487f,
                    0.154171f,
                    -0.259434f,
                    -0.2453359f,
                    -0.125f,
                    0.4486941f,
                    0.8160377f,
                    1.0109236f,
                    0.1842842f,
                    -0.8322369f,
                    0.4856396f,
                    1.4779047f
                };
            case NEAREST ->
                new float[] {
                    -1.25f, -1.25f, 0.5f, 0.5f, 0.25f, -1.25f, -1.25f, 0.5f, 0.5f, 0.25f, 0.75f, 0.75f, -0.75f, -0.75f,
                    1.25f
                };
            case NEAREST_EXACT ->
                new float[] {
                    -1.25f, -1.25f, 0.5f, 0.25f, 0.25f, 0.75f, 0.75f, -0.75f, 1.25f, 1.25f, 0.75f, 0.75f, -0.75f, 1.25f,
                    1.25f
                };
        };
    }

    private static float[] smaller(LatentResize filter) {
        return switch (filter) {
            case BILINEAR -> new float[] {-0.21875f, 0.53125f};
            case BILINEAR_ANTIALIASED -> new float[] {-0.203125f, 0.421875f};
            case BICUBIC -> new float[] {-0.2524414f, 0.5561523f};
            case BICUBIC_ANTIALIASED -> new float[] {-0.2413724f, 0.4488363f};
            case NEAREST -> new float[] {-1.25f, 0.5f};
            case NEAREST_EXACT -> new float[] {0.75f, 1.25f};
        };
    }

    @ParameterizedTest
    @EnumSource
    void theNumbersArePyTorchs(LatentResize filter) {
        Tensor latents = Tensor.of(VALUES, 1, 2, 3, 1);

        assertThat(filter.resize(latents, 3, 5).toFloatArray()).containsExactly(larger(filter), within(1e-6f));
        assertThat(filter.resize(latents, 1, 2).toFloatArray()).containsExactly(smaller(filter), within(1e-6f));
    }

    /** Two samples of two channels, the second of each the negative of the first. */
    @ParameterizedTest
    @EnumSource
    void samplesAndChannelsAreResizedEachForItself(LatentResize filter) {
        float[] values = new float[24];
        for (int i = 0; i < 12; i++) {
            values[2 * i] = (i < 6 ? 1 : 2) * VALUES[i % 6];
            values[2 * i + 1] = -values[2 * i];
        }
        Tensor resized = filter.resize(Tensor.of(values, 2, 2, 3, 2), 3, 5);

        assertThat(resized.shape()).isEqualTo(Shape.of(2, 3, 5, 2));
        float[] one = larger(filter);
        for (int i = 0; i < 30; i++) {
            assertThat(resized.getFloat(2L * i)).isCloseTo((i < 15 ? 1 : 2) * one[i % 15], within(2e-6f));
            assertThat(resized.getFloat(2L * i + 1)).isEqualTo(-resized.getFloat(2L * i));
        }
    }

    @Test
    void thePartThatIsCutIsTheAskedOne() {
        float[] values = new float[2 * 3 * 4];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        Tensor cut = Latents.cut(Tensor.of(values, 2, 3, 4, 1), 1, 2, 2, 1);

        assertThat(cut.shape()).isEqualTo(Shape.of(2, 2, 1, 1));
        assertThat(cut.toFloatArray()).containsExactly(6, 10, 18, 22);
    }
}
