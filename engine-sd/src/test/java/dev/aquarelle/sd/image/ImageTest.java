package dev.aquarelle.sd.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageTest {
    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource({
        "-1, 0",
        "1, 255",
        "-7, 0",
        "1.5, 255",
        "0, 128",
        "NaN, 0",
        "-Infinity, 0",
        "Infinity, 255",
        "-0.0039215684, 127"
    })
    void floatsAreCutOffAndRoundedToEven(float value, int expected) {
        Image image = Image.fromTensor(Tensor.of(new float[] {value, value, value}, 1, 1, 3));

        assertThat(image.pixel(0, 0)).isEqualTo(expected << 16 | expected << 8 | expected);
    }

    @Test
    void rowsComeFirst() {
        Image image = Image.fromTensor(Tensor.of(new float[] {1, -1, -1, -1, 1, -1}, 1, 1, 2, 3));

        assertThat(image.width()).isEqualTo(2);
        assertThat(image.height()).isEqualTo(1);
        assertThat(image.pixel(0, 0)).isEqualTo(0xFF0000);
        assertThat(image.pixel(1, 0)).isEqualTo(0x00FF00);
    }

    @Test
    void enlargedAPixelIsASquare() {
        Image image = Image.of(2, 1, new byte[] {1, 2, 3, 4, 5, 6});

        assertThat(image.enlarged(2))
                .isEqualTo(Image.of(
                        4, 2, new byte[] {1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}));
        assertThat(image.enlarged(1)).isEqualTo(image);
        for (int factor : new int[] {0, 20_000, Integer.MAX_VALUE}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> image.enlarged(factor))
                    .withMessage("picture of 2 x 1 pixels cannot be enlarged by " + factor);
        }
    }

    @Test
    void aBatchOfTwoIsNoPicture() {
        assertThatThrownBy(() -> Image.fromTensor(Tensor.of(new float[6], 2, 1, 1, 3)))
                .isInstanceOf(TensorException.class)
                .hasMessageContaining("[2, 1, 1, 3]");
    }

    @Test
    void theNumberOfBytesMustFit() {
        assertThatIllegalArgumentException().isThrownBy(() -> Image.of(2, 2, new byte[11]));
    }

    @Test
    void pixelsOfTheCallerAreCopied() {
        byte[] rgb = {1, 2, 3};
        Image image = Image.of(1, 1, rgb);
        rgb[0] = 9;
        image.toByteArray()[1] = 9;

        assertThat(image.pixel(0, 0)).isEqualTo(0x010203);
    }
}
