package dev.aquarelle.sd.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rectangles of pictures. */
class RegionTest {
    private static Image black(int width, int height) {
        return Image.of(width, height, new byte[3 * width * height]);
    }

    /** What is masked, the size that is painted, the padding, and diffusers' {@code get_crop_region} of them. */
    @ParameterizedTest
    @CsvSource({
        "300, 220, 185, 95, 276, 186, 128, 128, 16, 169, 79, 292, 202", // in the middle
        "300, 220, 185, 95, 276, 186, 192, 64, 0, 27, 95, 300, 186", // moved away from the right edge
        "300, 220, 10, 10, 60, 200, 64, 64, 32, 0, 0, 220, 220", // from the left one
        "300, 220, 290, 0, 300, 5, 64, 128, 3, 287, 0, 300, 26", // from the upper one
        "50, 200, 10, 90, 12, 92, 128, 64, 100, 0, 0, 50, 192", // no room for the proportions
        "101, 77, 100, 76, 101, 77, 72, 40, 7, 87, 69, 101, 77", // a corner
        "64, 48, 0, 0, 64, 48, 64, 48, 32, 0, 0, 64, 48", // all of it
        "640, 480, 100, 50, 333, 61, 512, 768, 32, 68, 0, 365, 445"
    })
    void whatIsAroundAMaskIsWhatDiffusersCutsOut(
            int width,
            int height,
            int left,
            int top,
            int right,
            int bottom,
            int paintedWidth,
            int paintedHeight,
            int padding,
            int x1,
            int y1,
            int x2,
            int y2) {
        Image picture = black(width, height);
        Region region = new Region(left, top, right, bottom)
                .padded(padding, picture)
                .inProportion(paintedWidth, paintedHeight, picture);

        assertThat(region).isEqualTo(new Region(x1, y1, x2, y2));
    }

    @Test
    void whatIsCutOutMayBeReplaced() {
        byte[] rgb = new byte[3 * 5 * 4];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) i;
        }
        Image picture = Image.of(5, 4, rgb);
        Region region = new Region(1, 2, 4, 4);
        Image part = region.cut(picture);

        assertThat(part.width()).isEqualTo(3);
        assertThat(part.height()).isEqualTo(2);
        assertThat(part.pixel(0, 0)).isEqualTo(picture.pixel(1, 2));
        assertThat(region.replaced(picture, part)).isEqualTo(picture);

        Image replaced = region.replaced(picture, black(3, 2));
        assertThat(region.cut(replaced)).isEqualTo(black(3, 2));
        assertThat(replaced.pixel(0, 2)).isEqualTo(picture.pixel(0, 2));
        assertThat(replaced.pixel(4, 3)).isEqualTo(picture.pixel(4, 3));
        assertThat(replaced.pixel(1, 1)).isEqualTo(picture.pixel(1, 1));
    }

    @Test
    void whatIsNoRectangleOfThePictureIsRefused() {
        assertThatThrownBy(() -> new Region(3, 0, 3, 2))
                .hasMessage("region: expected pixels between left and right, top and bottom, found 3 to 3, 0 to 2");
        assertThatThrownBy(() -> new Region(0, 0, 2, 2).replaced(black(4, 4), black(2, 3)))
                .hasMessage("region: expected a picture of 2 x 2 pixels, found picture of 2 x 3 pixels");
        assertThatThrownBy(() -> new Region(3, 0, 5, 2).replaced(black(4, 4), black(2, 2)))
                .hasMessageStartingWith("region: expected one within the picture of 4 x 4 pixels, found Region");
    }
}
