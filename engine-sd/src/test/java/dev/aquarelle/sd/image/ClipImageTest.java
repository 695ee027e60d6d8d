package dev.aquarelle.sd.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** The numbers are those of Pillow and of transformers' image processor over it; byte i of a picture is {@code 37 i^2 + 11 i mod 256}. */
class ClipImageTest {

    private static Image picture(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (37 * i * i + 11 * i);
        }
        return Image.of(width, height, rgb);
    }

    private static int[] unsigned(Image image) {
        byte[] bytes = image.toByteArray();
        int[] values = new int[bytes.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = bytes[i] & 0xFF;
        }
        return values;
    }

    @Test
    void aPictureMadeSmallerHasPillowsBytes() {
        assertThat(unsigned(Resampling.BICUBIC.resize(picture(5, 7), 3, 4)))
                .containsExactly(
                        69, 137, 169, 124, 173, 170, 81, 185, 228, 121, 127, 112, 153, 133, 119, 136, 130, 182, 139,
                        122, 82, 89, 116, 95, 83, 102, 164, 96, 91, 84, 116, 87, 102, 123, 143, 177);
    }

    @Test
    void aPictureMadeLargerHasPillowsBytes() {
        assertThat(unsigned(Resampling.BICUBIC.resize(picture(3, 2), 4, 3)))
                .containsExactly(
                        0, 32, 163, 68, 87, 198, 124, 113, 193, 123, 92, 151, 11, 135, 207, 67, 173, 225, 97, 173, 195,
                        79, 135, 136, 22, 237, 251, 65, 255, 252, 70, 232, 196, 35, 177, 120);
    }

    @Test
    void theSameSizeKeepsTheBytes() {
        assertThat(Resampling.BICUBIC.resize(picture(4, 3), 4, 3)).isEqualTo(picture(4, 3));
        assertThatThrownBy(() -> Resampling.BICUBIC.resize(picture(4, 3), 0, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a picture cannot be made 0 pixels wide or high");
    }

    @Test
    void theMiddleIsCutOutAndNormalized() {
        Tensor values = ClipImage.pixelValues(picture(9, 5), 2);

        assertThat(values.shape()).isEqualTo(Shape.of(1, 2, 2, 3));
        assertThat(values.toFloatArray())
                .containsExactly(
                        new float[] {
                            -0.04045137f,
                            0.003811762f,
                            0.6954504f,
                            -0.04045137f,
                            0.769208f,
                            0.6812304f,
                            0.1785251f,
                            0.5140759f,
                            0.4394892f,
                            -0.2010341f,
                            -0.2213047f,
                            0.2972885f
                        },
                        within(1e-7f));
    }

    @Test
    void aPictureTooNarrowIsRefused() {
        assertThatThrownBy(() -> ClipImage.pixelValues(picture(2, 50), 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("picture of 2 x 50 pixels is too long and narrow to be a prompt");
    }
}
