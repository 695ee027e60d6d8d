package dev.aquarelle.sd.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Small pictures of many kinds, beside what Pillow 13.0.0 reads of them after {@code ImageOps.exif_transpose} and {@code convert("RGB")}. */
class ImageFileTest {
    @TempDir
    private Path folder;

    private static Path pictures() {
        try {
            return Path.of(Objects.requireNonNull(ImageFileTest.class.getResource("pictures"))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Lines of a file's name, width, height and {@link Image#sha256}. */
    static List<String> expected() throws IOException {
        return Files.readAllLines(pictures().resolve("pillow.txt"));
    }

    @ParameterizedTest
    @MethodSource("expected")
    void pixelsAreThoseOfPillow(String line) throws IOException {
        String[] words = line.split(" ", -1);
        Image image = ImageFile.read(pictures().resolve(words[0]));
        assertThat(List.of(image.width(), image.height(), image.sha256()))
                .isEqualTo(List.of(Integer.valueOf(words[1]), Integer.valueOf(words[2]), words[3]));
    }

    /** Cut off anywhere, a file is refused; none is read in part. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "baseline.jpg",
                "progressive.jpg",
                "turned6.jpg",
                "alpha.png",
                "interlaced.png",
                "palette.gif",
                "plain.bmp",
                "plain.tif",
                "packed.tif"
            })
    void filesThatEndTooSoonAreRefused(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(pictures().resolve(name));
        Path cut = folder.resolve(name);
        for (int length = 0; length < bytes.length - 2; length += 1 + bytes.length / 60) {
            Files.write(cut, Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> ImageFile.read(cut))
                    .as("%s of %d bytes", name, length)
                    .isInstanceOf(ImageFileException.class)
                    .hasMessageStartingWith(cut.toString());
        }
    }

    @Test
    void whatIsNoPictureIsNamed() throws IOException {
        Path file = folder.resolve("photo");
        Files.writeString(file, "RIFF\1\2\3\4WEBPVP8 ");
        assertThatThrownBy(() -> ImageFile.read(file))
                .hasMessage(file + ": expected a picture (PNG, JPEG, BMP, GIF or TIFF), found a WebP picture");
        Files.writeString(file, "# a text");
        assertThatThrownBy(() -> ImageFile.read(file)).hasMessageEndingWith("found something else");
    }

    /** A size that the file cannot hold costs no memory. */
    @Test
    void sizesAreNotBelieved() throws IOException {
        Path file = folder.resolve("large.jpg");
        byte[] bytes = Files.readAllBytes(pictures().resolve("baseline.jpg"));
        int frame = HexFormat.of().formatHex(bytes).indexOf("ffc0001108") / 2;
        bytes[frame + 5] = 0x5F; // height
        bytes[frame + 7] = 0x5F; // width
        Files.write(file, bytes);
        assertThatThrownBy(() -> ImageFile.read(file))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining("pixels cannot be in a file of " + bytes.length + " bytes");
    }
}
