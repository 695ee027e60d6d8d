package dev.aquarelle.sd.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptEncoderTest {
    private static final int CAT = 513;
    private static final int BOS = 518;
    private static final int EOS = 519;

    @TempDir
    private Path folder;

    private ClipTokenizer tokenizer;

    @BeforeEach
    void loadTokenizer() throws IOException {
        tokenizer = ClipTokenizer.load(TinyTokenizer.write(folder));
    }

    @Test
    void fillsUpWithPadding() {
        TokenIds ids = new PromptEncoder(tokenizer, 6).encode("cat");
        assertThat(ids.toArray()).containsExactly(BOS, CAT, EOS, EOS, EOS, EOS);
        assertThat(ids.truncated()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 0", "4, 0", "5, 1", "6, 2", "100, 96"}) // room for four between begin and end
    void keepsTheFirstTokensAndTheEnd(int cats, int truncated) {
        TokenIds ids = new PromptEncoder(tokenizer, 6).encode("cat ".repeat(cats));
        assertThat(ids.length()).isEqualTo(6);
        assertThat(ids.toArray()).startsWith(BOS).endsWith(EOS);
        assertThat(ids.toArray()).containsOnlyOnce(BOS);
        assertThat(ids.truncated()).isEqualTo(truncated);
    }

    @Test
    void refusesAnAbsurdlyLongPrompt() {
        PromptEncoder encoder = new PromptEncoder(tokenizer, 77);
        String prompt = "a".repeat(PromptEncoder.MAX_CHARS + 1);
        assertThatThrownBy(() -> encoder.encode(prompt))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("prompt: expected at most 1000000 characters, found 1000001");
    }

    @Test
    void needsRoomForBeginAndEnd() {
        assertThatThrownBy(() -> new PromptEncoder(tokenizer, 1)).hasMessage("length: expected at least 2, found 1");
    }
}
