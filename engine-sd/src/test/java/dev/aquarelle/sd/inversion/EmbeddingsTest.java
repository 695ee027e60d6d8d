package dev.aquarelle.sd.inversion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.TinySource;
import dev.aquarelle.sd.clip.ClipTextConfig;
import dev.aquarelle.sd.clip.ClipTextModel;
import dev.aquarelle.sd.clip.TinyTextEncoder;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import dev.aquarelle.sd.prompt.TinyTokenizer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingsTest {
    private static final Arena ARENA = Arena.ofAuto();

    @TempDir
    private Path folder;

    private TinySource one = TinySource.of(Map.of());
    private TinySource two = one;

    @BeforeEach
    void makeModels() throws IOException {
        ClipTokenizer tokenizer = ClipTokenizer.load(TinyTokenizer.write(Files.createDirectory(folder.resolve("t"))));
        Map<String, Tensor> encoder = TinyTextEncoder.tensors("text_model.");
        one = new TinySource(
                Map.of("text_encoder", encoder),
                Map.of("text_encoder", TinyTextEncoder.CONFIG),
                Map.of("tokenizer", tokenizer));
        two = new TinySource(
                Map.of("text_encoder", encoder, "text_encoder_2", TinyTextEncoder.tensors("")),
                Map.of("text_encoder", TinyTextEncoder.CONFIG, "text_encoder_2", TinyTextEncoder.CONFIG),
                Map.of("tokenizer", tokenizer, "tokenizer_2", tokenizer));
    }

    private static Tensor vectors(int count, float first) {
        float[] values = new float[count * 8];
        for (int i = 0; i < values.length; i++) {
            values[i] = first + i;
        }
        return Tensor.of(values, count, 8);
    }

    private Path write(String name, Map<String, Tensor> tensors) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        tensors.forEach(writer::add);
        Path path = folder.resolve(name);
        writer.write(path);
        return path;
    }

    @Test
    void aWordBecomesAsManyTokensAsItHasVectors() throws IOException {
        TextualInversion word = TextualInversion.read(write("a.safetensors", Map.of("<Toy>", vectors(2, 100))), ARENA);
        Embeddings model = Embeddings.over(one, List.of(word));

        ClipTokenizer tokenizer = model.tokenizer("tokenizer");
        int size = one.tokenizer("tokenizer").size();

        assertThat(word.token()).isEqualTo("<Toy>");
        assertThat(tokenizer.size()).isEqualTo(size + 2);
        assertThat(tokenizer.tokenize("<toy>")).containsExactly(size, size + 1);
        assertThat(tokenizer.tokenize("<TOY>_1")).containsExactly(size + 1);
        int[] cat = tokenizer.tokenize("cat");
        assertThat(tokenizer.tokenize("cat<toy>cat")).containsExactly(cat[0], size, size + 1, cat[0]);
        assertThat(one.tokenizer("tokenizer").tokenize("<toy>")).doesNotContain(size);
    }

    @Test
    void theTableHasTheModelsRowsAndThenTheVectors() throws IOException {
        Embeddings model = Embeddings.over(
                one,
                List.of(
                        TextualInversion.read(write("a.safetensors", Map.of("<toy>", vectors(2, 100))), ARENA),
                        TextualInversion.read(
                                write(
                                        "my-word.safetensors",
                                        Map.of("emb_params", vectors(1, 200).reshape(8))),
                                ARENA)));

        ClipTextConfig config = ClipTextConfig.of(model.config("text_encoder"));
        ClipTextModel encoder = ClipTextModel.load(model.weights("text_encoder", ARENA), config);
        Tensor table = encoder.tokenEmbedding().tensor();

        assertThat(config.vocabSize()).isEqualTo(523);
        assertThat(table.slice(0, 520).toFloatArray())
                .isEqualTo(one.tensors()
                        .get("text_encoder")
                        .get("text_model.embeddings.token_embedding.weight")
                        .toFloatArray());
        assertThat(table.slice(520, 522).toFloatArray())
                .isEqualTo(vectors(2, 100).toFloatArray());
        assertThat(table.slice(522, 523).toFloatArray())
                .isEqualTo(vectors(1, 200).toFloatArray());
        assertThat(model.tokenizer("tokenizer").tokenize("my-word")).containsExactly(522);
    }

    @Test
    void bothTextEncodersOfSdxlGetTheirOwn() throws IOException {
        TextualInversion word = TextualInversion.read(
                write("a.safetensors", Map.of("clip_g", vectors(1, 300), "clip_l", vectors(2, 100))), "new", ARENA);
        Embeddings model = Embeddings.over(two, List.of(word));

        assertThat(table(model, "text_encoder").slice(520, 522).toFloatArray())
                .isEqualTo(vectors(2, 100).toFloatArray());
        assertThat(table(model, "text_encoder_2").slice(520, 521).toFloatArray())
                .isEqualTo(vectors(1, 300).toFloatArray());
        assertThat(model.tokenizer("tokenizer").tokenize("new")).containsExactly(520, 521);
        assertThat(model.tokenizer("tokenizer_2").tokenize("new")).containsExactly(520);
    }

    private static Tensor table(Embeddings model, String part) {
        Weights weights = model.weights(part, ARENA);
        return weights.get(ClipTextModel.tokenTable(weights));
    }

    @Test
    void aWordForAnotherKindOfModelIsRefused() throws IOException {
        TextualInversion ofTwo = TextualInversion.read(
                write("two.safetensors", Map.of("clip_g", vectors(1, 300), "clip_l", vectors(2, 100))), ARENA);
        TextualInversion ofOne = TextualInversion.read(write("one.safetensors", Map.of("<toy>", vectors(1, 1))), ARENA);
        TextualInversion wide = TextualInversion.read(
                write("wide.safetensors", Map.of("<toy>", vectors(1, 1).reshape(2, 4))), ARENA);

        assertThatThrownBy(() -> Embeddings.over(one, List.of(ofTwo)))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining("two.safetensors: expected one tensor, found [clip_")
                .hasMessageContaining("the embedding is for another kind of model");
        assertThatThrownBy(() -> Embeddings.over(two, List.of(ofOne)))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining("one.safetensors: expected clip_l and clip_g, found [<toy>]");
        assertThatThrownBy(() -> Embeddings.over(one, List.of(wide)))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining(
                        "wide.safetensors: expected vectors of width 8, as the text encoder has, found F32 [2, 4]");
    }

    @Test
    void aWordThatIsOneAlreadyIsRefused() throws IOException {
        Path file = write("a.safetensors", Map.of("<toy>", vectors(1, 1)));
        TextualInversion toy = TextualInversion.read(file, ARENA);

        assertThatThrownBy(() -> Embeddings.over(one, List.of(toy, TextualInversion.read(file, "<TOY>", ARENA))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("expected a new token, found '<TOY>', which is one already");
        assertThatThrownBy(() -> Embeddings.over(one, List.of(TextualInversion.read(file, "<|endoftext|>", ARENA))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aFileOfSomethingElseIsRefused() throws IOException {
        Path model = write("model.safetensors", Map.of("a", vectors(1, 1), "b", vectors(1, 1)));
        Path pickle =
                Files.write(folder.resolve("old.pt"), new byte[] {(byte) 0x80, 2, (byte) 0x8A, 10, 1, 2, 3, 4, 5});

        assertThatThrownBy(() -> TextualInversion.read(model, ARENA))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining(
                        "model.safetensors: expected an embedding, one tensor or clip_l and clip_g, found 2 tensors");
        assertThatThrownBy(() -> TextualInversion.read(pickle, ARENA))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining("old.pt")
                .hasMessageContaining("this is a Python pickle");
    }
}
