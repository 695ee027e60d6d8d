package dev.aquarelle.sd.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PngTest {
    private static final int FIRST_CHUNK = 8;

    @TempDir
    Path folder;

    private static GenerationParameters prompt(String prompt) {
        return new GenerationParameters(prompt, "", new LinkedHashMap<>());
    }

    /** Flat, graded and noisy rows, so that every filter and long and short matches occur. */
    private static Image picture(int width, int height, int seed) {
        byte[] rgb = new byte[3 * width * height];
        Random random = new Random(seed);
        for (int i = 0; i < rgb.length; i++) {
            int y = i / (3 * width);
            rgb[i] = (byte) (y % 3 == 0 ? 77 : y % 3 == 1 ? i * y : random.nextInt());
        }
        return Image.of(width, height, rgb);
    }

    @ParameterizedTest(name = "{0} x {1}")
    @CsvSource({"1, 1", "1, 7", "7, 1", "64, 64", "97, 131", "512, 300"})
    void whatIsWrittenIsReadBackByUsAndByOthers(int width, int height) throws IOException {
        Image image = picture(width, height, 1);
        Path file = folder.resolve("picture.png");
        Png.write(file, image, prompt("a café"), Png.IfExists.FAIL);

        assertThat(Png.read(file)).isEqualTo(image);
        assertThat(Png.readTexts(file)).containsExactly(Map.entry("parameters", "a café"));
        var other = ImageIO.read(new ByteArrayInputStream(Files.readAllBytes(file)));
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                assertThat(other.getRGB(x, y) & 0xFFFFFF).isEqualTo(image.pixel(x, y));
            }
        }
    }

    /** Changes when the encoder changes, never with the machine. */
    @Test
    void theBytesAreTheSameEverywhere() {
        byte[] bytes = Png.encode(picture(64, 48, 2), prompt("日本語"));
        CRC32 crc = new CRC32();
        crc.update(bytes);

        assertThat(bytes.length).isEqualTo(4599);
        assertThat(HexFormat.of().toHexDigits((int) crc.getValue())).isEqualTo("a3e126ad");
    }

    @Test
    void flatPicturesAreSmall() {
        assertThat(Png.encode(Image.of(512, 512, new byte[3 * 512 * 512]), prompt("")))
                .hasSizeLessThan(2048);
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "a café", "日本語 🎨", "line\nline"})
    void textsSurvive(String text) throws IOException {
        Path file = folder.resolve("picture.png");
        Png.write(file, picture(3, 2, 3), prompt(text), Png.IfExists.FAIL);

        assertThat(Png.readTexts(file)).containsExactly(Map.entry("parameters", text));
    }

    @Test
    void aFileThatIsThereIsReplacedOnlyOnDemand() throws IOException {
        Path file = Files.writeString(folder.resolve("picture.png"), "mine");

        assertThatThrownBy(() -> Png.write(file, picture(3, 2, 4), prompt(""), Png.IfExists.FAIL))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(file).hasContent("mine");

        Png.write(file, picture(3, 2, 4), prompt(""), Png.IfExists.REPLACE);
        assertThat(Png.read(file)).isEqualTo(picture(3, 2, 4));
        assertThat(folder).isDirectoryContaining("glob:**picture.png");
        assertThat(folder.toFile().list()).hasSize(1);
    }

    @Test
    void anInterruptLeavesNothingBehind() {
        Path file = folder.resolve("picture.png");
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> Png.write(file, picture(3, 2, 5), prompt(""), Png.IfExists.FAIL))
                .isInstanceOf(ClosedByInterruptException.class);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void everyShorterFileIsRefused() throws IOException {
        byte[] whole = Png.encode(picture(5, 4, 6), prompt("text"));
        for (int length = 0; length < whole.length; length++) {
            Path file = Files.write(folder.resolve("short.png"), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Png.read(file))
                    .isInstanceOf(ImageFileException.class)
                    .hasMessageContaining("short.png");
        }
    }

    @ParameterizedTest
    @CsvSource({"10, 1 and 0", "11, 0 and 1"}) // in the header's data
    void anotherCompressionOrFilterMethodIsRefused(int at, String found) {
        ByteBuffer png = ByteBuffer.wrap(Png.encode(picture(3, 3, 1), prompt("")));
        png.put(FIRST_CHUNK + 8 + at, (byte) 1);
        CRC32 crc = new CRC32();
        crc.update(png.array(), FIRST_CHUNK + 4, 17);
        png.putInt(FIRST_CHUNK + 21, (int) crc.getValue());

        assertThatThrownBy(() -> Png.read(Files.write(folder.resolve("other.png"), png.array())))
                .isInstanceOf(ImageFileException.class)
                .hasMessageEndingWith(
                        "expected compression and filter method 0, of which there is but one, found " + found);
    }

    @Test
    void aLinkToNowhereIsAFileThatIsThere() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link.png"), folder.resolve("nowhere"));

        assertThatThrownBy(() -> Png.write(link, picture(3, 3, 1), prompt(""), Png.IfExists.FAIL))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(folder.toFile().list()).containsExactly("link.png");
    }

    @Test
    void everyChangedByteIsNoticed() throws IOException {
        byte[] whole = Png.encode(picture(5, 4, 7), prompt("text"));
        for (int i = 0; i < whole.length; i++) {
            byte[] changed = whole.clone();
            changed[i] ^= 0x21;
            Path file = Files.write(folder.resolve("changed.png"), changed);
            assertThatThrownBy(() -> Png.read(file)).as("byte %d", i).isInstanceOf(ImageFileException.class);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "60000, 60000, 'cannot be in'",
        "-1, -1, 'cannot be in'",
        "0, 4, 'cannot be in'",
        "9, 9, 'data end after'",
    })
    void aSizeThatTheDataCannotHoldIsRefusedBeforeMemoryIsTaken(int width, int height, String message)
            throws IOException {
        ByteBuffer png = ByteBuffer.wrap(Png.encode(picture(5, 4, 8), prompt("")));
        png.putInt(FIRST_CHUNK + 8, width).putInt(FIRST_CHUNK + 12, height);
        CRC32 crc = new CRC32();
        crc.update(png.array(), FIRST_CHUNK + 4, 17);
        png.putInt(FIRST_CHUNK + 21, (int) crc.getValue());
        Path file = Files.write(folder.resolve("sizes.png"), png.array());

        assertThatThrownBy(() -> Png.read(file))
                .isInstanceOf(ImageFileException.class)
                .hasMessageContaining(message);
    }
}
