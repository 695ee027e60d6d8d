package dev.aquarelle.sd.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** Beyond the golden cases: what a stranger's file may hold, and that what is written is read back. */
class GenerationParametersTest {
    @Test
    void whatIsWrittenIsReadBack() {
        SequencedMap<String, String> values = new LinkedHashMap<>();
        values.put("Steps", "20");
        values.put("Sampler", "DPM++ 2M");
        values.put("Note", "a \"b\", c: d\\\n\té 🎨");
        var written = new GenerationParameters("one\ntwo", "three\nfour", values);

        assertThat(GenerationParameters.parse(written.toText())).isEqualTo(written);
    }

    @Test
    void thePartsOfASizeAreNotWritten() {
        String text = "p\nSteps: 1, Size: 64x32, Hires: 128x64, Hires-1: mine, Lora-1: a";

        var parsed = GenerationParameters.parse(text);

        assertThat(parsed.values()).containsEntry("Size-1", "64").containsEntry("Size-2", "32");
        assertThat(parsed.toText()).isEqualTo("p\nSteps: 1, Size: 64x32, Hires: 128x64, Hires-1: mine, Lora-1: a");
        assertThat(GenerationParameters.parse(parsed.toText())).isEqualTo(parsed);
    }

    @Test
    void theLastOfEqualNamesCounts() {
        var parsed = GenerationParameters.parse("p\nSteps: 1, Seed: 2, Steps: 3");

        assertThat(parsed.values()).containsExactly(entry("Steps", "3"), entry("Seed", "2"));
    }

    @Test
    void aQuoteThatDoesNotEndIsPlainText() {
        var parsed = GenerationParameters.parse("p\nSteps: 1, Note: \"ab, Seed: 2, Bad: \"\\q\"");

        assertThat(parsed.values())
                .containsExactly(
                        entry("Steps", "1"), entry("Note", "\"ab"), entry("Seed", "2"), entry("Bad", "\"\\q\""));
    }

    @Test
    void anUnpairedSurrogateAndAColonAloneDoNoHarm() {
        var parsed = GenerationParameters.parse("p\n: , x: , Steps: 1, \uD83C Seed: 2, CFG scale: 3");

        assertThat(parsed.values()).containsExactly(entry("Steps", "1"), entry("Seed", "2"), entry("CFG scale", "3"));
    }

    @Test
    void aLongLineCostsNoMoreThanItsLength() {
        String words = "word ".repeat(400_000);
        String quote = "Note: \"" + "\\\"".repeat(400_000);

        Assertions.assertTimeout(Duration.ofSeconds(5), () -> {
            assertThat(GenerationParameters.parse(words).values()).isEmpty();
            assertThat(GenerationParameters.parse(quote).values()).isEmpty();
        });
    }
}
