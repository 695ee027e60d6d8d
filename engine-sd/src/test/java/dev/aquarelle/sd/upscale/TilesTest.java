package dev.aquarelle.sd.upscale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How an axis is cut. */
class TilesTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 68, 96, 97, 128, 129, 160, 1000, 4096})
    void whatIsKeptCoversTheAxisOnce(int length) {
        List<Tiles.Span> spans = new Tiles(64).along(length);

        int next = 0;
        for (Tiles.Span span : spans) {
            assertThat(span.keepFrom()).isEqualTo(next);
            assertThat(span.to() - span.from()).isEqualTo(Math.min(64, length));
            assertThat(span.from()).isNotNegative().isLessThanOrEqualTo(span.keepFrom());
            assertThat(span.from() == 0 || span.keepFrom() - span.from() >= 16)
                    .as("seen before %s", span)
                    .isTrue();
            assertThat(span.to() == length || span.to() - span.keepTo() >= 16)
                    .as("seen behind %s", span)
                    .isTrue();
            assertThat(span.keepTo()).isGreaterThan(span.keepFrom());
            next = span.keepTo();
        }
        assertThat(next).isEqualTo(length);
    }

    @Test
    void tilesBeginWherePixelsAreTakenTogether() {
        assertThat(new Tiles(64).along(4 * 33)).allMatch(span -> span.from() % 4 == 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -64, 56, 65, 520})
    void refusesSizesThatAreNone(int size) {
        assertThatThrownBy(() -> new Tiles(size))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tile: expected a multiple of 8 from 64 to 512, found " + size);
    }

    @Test
    void aLineRunsBackBehindItsEnd() {
        assertThat(List.of(mirrored(0, 4), mirrored(3, 4), mirrored(4, 4), mirrored(5, 4)))
                .isEqualTo(List.of(0, 3, 2, 1));
        assertThat(List.of(mirrored(1, 2), mirrored(2, 2), mirrored(3, 2))).isEqualTo(List.of(1, 0, 1));
        assertThat(List.of(mirrored(1, 1), mirrored(3, 1))).isEqualTo(List.of(0, 0));
    }

    private static int mirrored(int at, int length) {
        return SmallPicture.mirrored(at, length);
    }
}
