package dev.aquarelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aquarelle.sd.image.Image;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalOutputTest {
    private static final Image FOUR =
            Image.of(2, 2, new byte[] {(byte) 255, 0, 0, 0, (byte) 255, 0, 0, 0, (byte) 255, 9, 9, 9});

    private final StringWriter shown = new StringWriter();
    private final PrintWriter err = new PrintWriter(shown);

    private String shown() {
        return shown.toString();
    }

    @Test
    void twoPixelsAreACharacter() {
        assertThat(HalfBlocks.of(FOUR, 5, 10))
                .isEqualTo(List.of(
                        "\u001b[38;2;255;0;0m\u001b[48;2;0;0;255m▀\u001b[38;2;0;255;0m\u001b[48;2;9;9;9m▀\u001b[0m"));
    }

    @Test
    void aPictureThatIsTooWideIsMadeSmaller() {
        List<String> lines = HalfBlocks.of(Image.of(100, 70, new byte[21000]), 40, 40);

        assertThat(lines).hasSize(12); // 3 by 3 pixels a block, two blocks a character
        assertThat(lines.getFirst().codePoints().filter(c -> c == '▀').count()).isEqualTo(33);
    }

    @Test
    void aPictureThatIsTooHighIsMadeSmaller() {
        assertThat(HalfBlocks.of(Image.of(10, 70, new byte[2100]), 20, 80)).hasSize(18); // 2 by 2 pixels a block
    }

    @Test
    void theBarShowsStepsAndSpeedOnATerminal() {
        try (ProgressDisplay display =
                new ProgressDisplay(err, new Terminal(true, true, 24, 100, true), "Painting", 15)) {
            display.stepDone(3, 15);
            display.preview(FOUR);
            display.preview(FOUR);
        }

        assertThat(shown()).contains("Painting", "/15 steps").endsWith("\r\u001b[K");
        assertThat(shown()).contains("\u001b[1A"); // the second picture is drawn over the first
    }

    @ParameterizedTest(name = "{0} columns")
    @ValueSource(ints = {1, 10, 40, 80, 120})
    void theBarLeavesRoomForWhatCtrlCShows(int columns) {
        try (ProgressDisplay display =
                new ProgressDisplay(err, new Terminal(true, true, 24, columns, true), "Painting 7 of 8", 1000)) {
            display.stepDone(500, 1000);
        }

        assertThat(shown().split("\r|\u001b\\[K")).allMatch(bar -> bar.length() <= Math.max(0, columns - 3));
    }

    @Test
    void warningsCanBeKeptFromTearingResultsApart() {
        System.Logger logger = new StderrLog().getLogger("any", getClass().getModule());
        StderrLog.showErrorsOnly();
        try {
            assertThat(logger.isLoggable(System.Logger.Level.WARNING)).isFalse();
            assertThat(logger.isLoggable(System.Logger.Level.ERROR)).isTrue();
        } finally {
            StderrLog.setVerbose(false);
        }
        assertThat(logger.isLoggable(System.Logger.Level.WARNING)).isTrue();
    }

    @Test
    void withoutATerminalThereIsNoBar() {
        try (ProgressDisplay display = new ProgressDisplay(err, Terminal.NONE, "Painting", 15)) {
            display.stepDone(3, 15);
            display.preview(FOUR);
        }

        assertThat(shown()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "a red apple, a-red-apple",
        "'  A  RED--apple!! ', a-red-apple",
        "Café Zürich, cafe-zurich",
        "../../etc/passwd, etc-passwd",
        "日本語 のがぞう, 日本語-のがぞう",
        "'Ёлка, й!', ёлка-й",
        "हिन्दी, हिन्दी",
        "한국어 사과, 한국어-사과",
        "ｗｉｄｅ Ⅷ ²　, wide-viii-2",
        "!, picture",
        "'\u202eabc\u200b\u0301', abc",
    })
    void namesAreOfLettersAndDigits(String prompt, String slug) {
        assertThat(FileNames.slug(prompt)).isEqualTo(slug);
    }

    @Test
    void longNamesAreCutBetweenLetters() {
        assertThat(FileNames.slug("漢".repeat(100))).isEqualTo("漢".repeat(20));
        assertThat(FileNames.slug("a" + "𝄞漢𐀀".repeat(100)).getBytes(StandardCharsets.UTF_8))
                .hasSizeBetween(57, 60);
        assertThat(FileNames.of("very ".repeat(100), 3)).hasSizeLessThan(80).endsWith("very-3.png");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"4G, 4294967296", "512M, 536870912", "1.5 GiB, 1610612736", "1kb, 1024"})
    void amountsOfMemoryAreRead(String text, long bytes) {
        assertThat(new MemorySize().convert(text).bytes()).isEqualTo(bytes);
    }
}
