package dev.aquarelle.sd.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Pictures put together by masks. Bytes and hashes are those of Pillow, by diffusers' {@code apply_overlay} and by the web UI's {@code fill}, of
 * the bytes {@code 37 i^2 + 11 i mod 256} and a mask that rises by 60 each pixel from its edges.
 */
class SoftMaskTest {

    private static Image picture(int width, int height, boolean negative) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            int value = 37 * i * i + 11 * i;
            rgb[i] = (byte) (negative ? ~value : value);
        }
        return Image.of(width, height, rgb);
    }

    private static SoftMask ramp(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            int x = i / 3 % width;
            int y = i / 3 / width;
            int inside = Math.min(Math.min(x - 1, width - 3 - x), Math.min(y - 1, height - 2 - y));
            rgb[i] = (byte) Math.clamp(60L * inside, 0, 255);
        }
        return SoftMask.ofGray(Image.of(width, height, rgb));
    }

    private static Image line(int... values) {
        byte[] rgb = new byte[3 * values.length];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) values[i / 3];
        }
        return Image.of(values.length, 1, rgb);
    }

    private static int[] values(Image line) {
        int[] values = new int[line.width()];
        for (int x = 0; x < values.length; x++) {
            values[x] = line.pixel(x, 0) & 0xFF;
        }
        return values;
    }

    /** Wide blurs and a soft mask's rounding are in the hashes. */
    @ParameterizedTest
    @CsvSource({
        "90, 70, f74e592e8909c4b42fe26a06c5a54e4b20442513a89544c9a84371c4f75a737a,"
                + " 7ad77f7e0b4ddfa980c01db1280e9371979977bc0959059b0083fbadd2610785",
        "33, 200, b49905b3d6f84db1bc0ff3c646ae3b726227830d1b26d782e219fae909cabaca,"
                + " f854684553d25906a8984f1737d4b4c93c67b8208c0bb628d5365e60e507d7bc"
    })
    void bytesArePillows(int width, int height, String filled, String composed) {
        SoftMask mask = ramp(width, height);
        Image original = picture(width, height, false);

        assertThat(mask.filled(original).sha256()).isEqualTo(filled);
        assertThat(mask.compose(picture(width, height, true), original).sha256())
                .isEqualTo(composed);
    }

    @Test
    void whatIsPaintedIsFilledWithTheColorsAroundIt() {
        Image original = line(0, 90, 90, 90, 200);

        assertThat(values(SoftMask.ofGray(line(0, 255, 255, 255, 0)).filled(original)))
                .containsExactly(0, 60, 100, 140, 200);
        assertThat(values(SoftMask.ofGray(line(0, 127, 127, 127, 0)).filled(original)))
                .containsExactly(0, 78, 92, 107, 200);
        assertThat(SoftMask.ofGray(line(0, 0, 0, 0, 0)).filled(original)).isEqualTo(original);
    }

    @Test
    void theSmallestRectangleHasAllThatIsNotQuiteBlack() {
        Image gray = Image.of(3, 2, new byte[] {0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 9, 9, 9, 0, 0, 0});
        SoftMask mask = SoftMask.ofGray(gray);

        assertThat(mask.bounds()).isEqualTo(new Region(1, 0, 3, 2));
        assertThat(mask.toGray()).isEqualTo(gray);
        assertThat(mask.cut(new Region(1, 0, 3, 1)).toGray()).isEqualTo(Image.of(2, 1, new byte[] {0, 0, 0, 1, 1, 1}));
        assertThat(SoftMask.ofGray(line(0, 0)).bounds()).isNull();
    }
}
