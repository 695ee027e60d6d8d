package dev.aquarelle.sd.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pictures in other sizes and on larger canvases; the resized bytes are Pillow's, of the bytes {@code 37 i^2 + 11 i mod 256}. */
class PictureFitTest {

    private static Image picture(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (37 * i * i + 11 * i);
        }
        return Image.of(width, height, rgb);
    }

    /** Each column has a color of its own. */
    private static Image columns(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (i / 3 % width * 10);
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

    private static int[] reds(Image image) {
        int[] reds = new int[image.width()];
        for (int x = 0; x < reds.length; x++) {
            reds[x] = image.pixel(x, 0) >> 16;
        }
        return reds;
    }

    @Test
    void lanczosHasPillowsBytes() {
        assertThat(unsigned(Resampling.LANCZOS.resize(picture(5, 7), 3, 4)))
                .containsExactly(
                        74, 138, 169, 129, 180, 172, 78, 180, 228, 120, 131, 110, 152, 133, 119, 136, 131, 181, 139,
                        118, 80, 86, 114, 95, 83, 102, 163, 96, 87, 83, 120, 93, 104, 126, 143, 178);
        assertThat(unsigned(Resampling.LANCZOS.resize(picture(3, 2), 4, 3)))
                .containsExactly(
                        0, 20, 156, 63, 77, 197, 136, 112, 193, 126, 85, 150, 10, 132, 205, 64, 174, 229, 102, 174, 192,
                        77, 132, 134, 21, 244, 254, 65, 255, 255, 68, 236, 191, 28, 179, 117);
        assertThat(unsigned(Resampling.LANCZOS.resize(picture(1, 3), 1, 5)))
                .containsExactly(0, 39, 163, 35, 76, 190, 110, 124, 212, 127, 114, 176, 115, 93, 144);
    }

    @ParameterizedTest
    @EnumSource
    void theSizeIsWhatWasAskedFor(PictureFit fit) {
        Image fitted = fit.fit(picture(5, 7), 16, 8);

        assertThat(fitted.width()).isEqualTo(16);
        assertThat(fitted.height()).isEqualTo(8);
        assertThat(fit.fit(picture(5, 7), 5, 7)).isEqualTo(picture(5, 7));
        assertThatThrownBy(() -> fit.fit(picture(5, 7), 0, 8)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aPictureTooLargeForAnArrayIsRefused() {
        assertThatThrownBy(() -> PictureFit.CROP.fit(picture(1, 3000), 16384, 16384))
                .hasMessage("picture of 1 x 3000 pixels cannot be made one of 16384 x 49152000");
    }

    @Test
    void stretchedIsResized() {
        assertThat(PictureFit.STRETCH.fit(picture(5, 7), 3, 4))
                .isEqualTo(Resampling.LANCZOS.resize(picture(5, 7), 3, 4));
    }

    @Test
    void croppedLosesBothEndsOfTheLongerSide() {
        assertThat(reds(PictureFit.CROP.fit(columns(8, 4), 4, 4))).containsExactly(20, 30, 40, 50);
    }

    @Test
    void filledGoesOnFromItsEdges() {
        assertThat(reds(PictureFit.FILL.fit(columns(4, 4), 8, 4))).containsExactly(0, 0, 0, 10, 20, 30, 31, 31);
        assertThat(unsigned(PictureFit.FILL.fit(picture(3, 2), 6, 2)))
                .containsExactly(
                        0, 39, 165, 0, 39, 165, 0, 48, 170, 110, 124, 212, 118, 98, 152, 119, 95, 145, 17, 223, 247, 17,
                        223, 247, 24, 226, 246, 84, 252, 238, 42, 176, 128, 37, 167, 114);
        assertThat(unsigned(PictureFit.FILL.fit(picture(2, 3), 2, 7)))
                .containsExactly(
                        0, 42, 172, 121, 111, 208, 0, 42, 172, 121, 111, 208, 0, 48, 170, 110, 124, 212, 118, 98, 152,
                        24, 226, 246, 84, 252, 238, 42, 176, 128, 80, 255, 249, 44, 170, 113, 80, 255, 249, 44, 170,
                        113);
    }

    @Test
    void mirroredComesAgainAndAgain() {
        assertThat(reds(Canvas.MIRROR.extended(columns(3, 1), 12, 1, 4, 0)))
                .containsExactly(20, 20, 10, 0, 0, 10, 20, 20, 10, 0, 0, 10);
    }

    @Test
    void aSoftMaskKeepsWhatItDoesNotTouch() {
        byte[] half = new byte[3 * 16 * 2];
        for (int i = 0; i < half.length; i++) {
            half[i] = (byte) (i / 3 % 16 < 8 ? 255 : 0);
        }
        Image mask = Image.of(16, 2, half);
        Image white = Image.of(16, 2, bytes(255));
        Image black = Image.of(16, 2, bytes(0));

        assertThat(reds(SoftMask.of(mask).compose(white, black)))
                .containsExactly(255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0);
        assertThat(reds(SoftMask.of(mask).inverted().compose(white, black)))
                .containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255);
        int[] soft = reds(SoftMask.of(mask).blurred(1).compose(white, black));
        assertThat(soft[4]).isEqualTo(255);
        assertThat(soft[7]).isBetween(170, 180); // 0.5 and half of the bell's middle, 0.4, in all: 0.70
        assertThat(soft[8]).isEqualTo(255 - soft[7]);
        assertThat(soft[11]).isZero();
        assertThat(SoftMask.of(mask).blurred(1).toImage()).isEqualTo(mask);
        assertThat(reds(SoftMask.of(mask).blurred(1).grown().compose(white, black))[8])
                .isEqualTo(2 * soft[8]);
        assertThatThrownBy(() -> SoftMask.of(mask).compose(white, columns(8, 8)))
                .hasMessageContaining(
                        "mask of 16 x 2 pixels over picture of 16 x 2 pixels and picture of 8 x 8 pixels");
    }

    private static byte[] bytes(int value) {
        byte[] all = new byte[3 * 16 * 2];
        Arrays.fill(all, (byte) value);
        return all;
    }
}
