package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.ModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers that are not finite end a request, which says what gave them first; they never become a black picture. */
class FiniteTest {
    @TempDir
    Path folder;

    private static void paint(Path model, double guidance) {
        TextToImage owl = TextToImage.builder("an owl")
                .size(32, 32)
                .steps(2)
                .guidanceScale(guidance)
                .seed(7)
                .build();
        try (StableDiffusion engine = StableDiffusion.load(model)) {
            engine.generate(owl);
        }
    }

    @ParameterizedTest(name = "{2} in {0}")
    @CsvSource(delimiter = '|', textBlock = """
        text_encoder | final_layer_norm.bias | NaN       | the text encoder | [1, 77, 128]
        unet         | conv_out.bias         | NaN       | the denoiser     | [2, 4, 4, 4]
        unet         | conv_out.bias         | -Infinity | the denoiser     | [2, 4, 4, 4]
        vae          | decoder.conv_out.bias | Infinity  | the decoder      | [1, 32, 32, 3]
        """)
    void thePartThatGaveThemFirstIsNamed(String part, String tensor, float value, String name, String shape)
            throws IOException {
        Path model = ModelCopy.in(folder).fill(part, tensor, value).folder();

        assertThatThrownBy(() -> paint(model, 5))
                .isInstanceOf(ModelException.class)
                .hasMessage(
                        "%s: expected finite numbers, found %s among %s: its weights are broken, or not of this architecture"
                                .formatted(name, value, shape));
    }

    @Test
    void settingsThatMakeThemAreNamed() throws IOException {
        assertThatThrownBy(() -> paint(ModelCopy.in(folder).folder(), 1e38))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith("the denoiser: expected finite numbers, found NaN")
                .hasMessageContaining("or the guidance or the sampler's settings are beyond all measure");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 998, 999})
    void oneNumberIsEnoughWhereverItStands(int at) {
        float[] values = new float[1000];
        Arrays.fill(values, -Float.MAX_VALUE);
        Tensor tensor = Tensor.of(values, 10, 100);
        assertThatCode(() -> Finite.require("a test", Finite.WEIGHTS, tensor)).doesNotThrowAnyException();

        values[at] = Float.NEGATIVE_INFINITY;
        assertThatThrownBy(() -> Finite.require("a test", Finite.WEIGHTS, Tensor.of(values, 10, 100)))
                .hasMessageStartingWith(
                        "a test: expected finite numbers, found -Infinity among [10, 100]: its weights");
    }
}
