package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.checkpoint.ModelFolder;
import dev.aquarelle.sd.clip.ClipTextConfig;
import dev.aquarelle.sd.clip.ClipTextModel;
import dev.aquarelle.sd.clip.TinyTextEncoder;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import dev.aquarelle.sd.prompt.TinyTokenizer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextEncoderTest {
    @TempDir
    private Path folder;

    private CountingBackend backend;
    private ClipTokenizer tokenizer;
    private TextEncoder encoder;

    @BeforeEach
    void open() throws IOException {
        backend = new CountingBackend("reference");
        tokenizer = ClipTokenizer.load(TinyTokenizer.write(folder));
        encoder = new TextEncoder(tokenizer, model(TinyTextEncoder.CONFIG), backend, MemoryBudget.UNLIMITED);
    }

    @AfterEach
    void close() {
        encoder.close();
        backend.close();
    }

    @Test
    void encodesEachPromptByItself() {
        Tensor both = encoder.encode("", "cat at");

        assertThat(both.shape()).isEqualTo(Shape.of(2, 77, 8));
        assertThat(both.slice(0, 1).toFloatArray())
                .containsExactly(encoder.encode("").toFloatArray());
        assertThat(both.slice(1, 2).toFloatArray())
                .containsExactly(encoder.encode("cat at").toFloatArray());
        assertThat(both.slice(0, 1).toFloatArray())
                .isNotEqualTo(both.slice(1, 2).toFloatArray());
    }

    @Test
    void computesAPromptOnce() {
        encoder.encode("cat", "at");
        encoder.encode("cat", "cat");
        assertThat(backend.runs).isEqualTo(2);

        encoder.encode(List.of("cat"), 1, Cancellation.NEVER);
        assertThat(backend.runs).isEqualTo(3);
    }

    @Test
    void keepsOnlyTheLastPrompts() {
        for (int i = 0; i < 40; i++) {
            encoder.encode("cat " + i);
            encoder.encode("");
        }
        assertThat(backend.runs).isEqualTo(41); // the empty one, being used, was never dropped
        encoder.encode("cat 0");
        assertThat(backend.runs).isEqualTo(42);
    }

    @Test
    void theResultIsTheCallers() {
        Tensor first = encoder.encode("cat");
        float[] before = first.toFloatArray();
        first.data().fill((byte) 0);
        assertThat(encoder.encode("cat").toFloatArray()).containsExactly(before);
    }

    @Test
    void clipSkipChangesTheResultAndBackAgain() {
        float[] all = encoder.encode("cat").toFloatArray();
        assertThat(encoder.encode(List.of("cat"), 1, Cancellation.NEVER).toFloatArray())
                .isNotEqualTo(all);
        assertThat(encoder.encode(List.of("cat", "at"), 0, Cancellation.NEVER)
                        .slice(0, 1)
                        .toFloatArray())
                .containsExactly(all);
        assertThatThrownBy(() -> encoder.encode(List.of("cat"), 2, Cancellation.NEVER))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("clipSkip: expected 0 to 1, found 2");
    }

    @Test
    void thereIsOneProgramAtATime() {
        encoder.encode(List.of("cat"), 1, Cancellation.NEVER);
        encoder.encode("at");

        assertThat(backend.mostBytes).isEqualTo(encoder.memory().total());
        encoder.close();
        assertThat(backend.open).isZero();
    }

    @Test
    void whatCannotBeIsRefusedWithoutComputing() {
        assertThatThrownBy(() -> encoder.requirePossible(List.of("cat"), 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("clipSkip: expected 0 to 1, found 2");
        assertThatThrownBy(() -> encoder.requirePossible(List.of("cat", "x".repeat(1_000_001)), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1000001");
        encoder.requirePossible(List.of("cat", ""), 1);
        assertThat(backend.runs).isZero();
    }

    @Test
    void aBudgetThatIsTooSmallIsNamed() {
        assertThatThrownBy(() ->
                        new TextEncoder(tokenizer, model(TinyTextEncoder.CONFIG), backend, new MemoryBudget(1 << 10)))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageContaining("the text encoder takes");
    }

    @Test
    void warnsOfWhatIsCut() {
        List<String> messages = new ArrayList<>();
        Logger logger = Logger.getLogger(TextEncoder.class.getName());
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                messages.add(new SimpleFormatter().formatMessage(entry));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        try {
            encoder.encode("cat ".repeat(75));
            assertThat(messages).isEmpty();
            encoder.encode("cat ".repeat(80));
            encoder.encode("the negative prompt", List.of("at ".repeat(80)), 0, Cancellation.NEVER);
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(true);
        }
        assertThat(messages).hasSize(2);
        assertThat(messages.getLast()).startsWith("the negative prompt has ");
        assertThat(messages.getFirst()).startsWith("the prompt has 80 tokens, of which the last 5 are cut: \"cat cat");
        assertThat(encoder.tokens("cat ".repeat(80)).truncated()).isEqualTo(5);
    }

    @Test
    void aCancelledPromptIsNotKept() {
        assertThatThrownBy(() -> encoder.encode(List.of("cat"), 0, () -> true))
                .isInstanceOf(CancellationException.class);
        assertThat(encoder.encode("cat").toFloatArray()).hasSize(77 * 8);
    }

    @Test
    void refusesATokenizerThatTheTableIsTooSmallFor() throws IOException {
        String small = TinyTextEncoder.CONFIG.replace("\"vocab_size\": 520", "\"vocab_size\": 519");
        ClipTextModel model = model(TinyTextEncoder.CONFIG);
        ClipTextModel tooSmall = new ClipTextModel(
                ClipTextConfig.of(ModelConfig.parse("config.json", small)),
                model.tokenEmbedding(),
                model.positionEmbedding(),
                model.layers(),
                model.finalLayerNorm(),
                model.textProjection());
        assertThatThrownBy(() -> new TextEncoder(tokenizer, tooSmall, backend, MemoryBudget.UNLIMITED))
                .isInstanceOf(ModelException.class)
                .hasMessage(
                        "text encoder: expected a vocab_size of at least 520, which the tokenizer has ids for, found"
                                + " 519");
    }

    @Test
    void aFolderWithoutATextEncoderIsNamed() throws IOException {
        Path model = folder.resolve("model");
        Files.createDirectories(model.resolve("tokenizer"));
        TinyTokenizer.write(model.resolve("tokenizer"));
        assertThatThrownBy(
                        () -> TextEncoder.load(new ModelFolder(model), Arena.global(), backend, MemoryBudget.UNLIMITED))
                .isInstanceOf(ModelException.class)
                .hasMessage(model + ": the model lacks its folder text_encoder");
    }

    private static ClipTextModel model(String config) {
        return ClipTextModel.load(
                TinyTextEncoder.weights("text_model."), ClipTextConfig.of(ModelConfig.parse("config.json", config)));
    }
}
