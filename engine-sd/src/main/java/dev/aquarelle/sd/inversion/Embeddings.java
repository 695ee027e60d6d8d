package dev.aquarelle.sd.inversion;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.checkpoint.SourceOver;
import dev.aquarelle.sd.clip.ClipTextConfig;
import dev.aquarelle.sd.clip.ClipTextModel;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A model whose prompts know more words: its tokenizers have their tokens, its text encoders their vectors, all else is the model's. A word
 * of several vectors takes as many tokens of a prompt.
 *
 * <p>The text encoder's table of tokens is copied, as F32, when its weights are asked for: 150 MB in Stable Diffusion 1.
 */
public final class Embeddings implements SourceOver {
    private static final String FIRST = "text_encoder";
    private static final String SECOND = "text_encoder_2"; // of SDXL

    private final ModelSource base;
    private final Map<String, Encoder> encoders = new HashMap<>(); // by the names of tokenizers and text encoders

    /**
     * A text encoder and its tokenizer.
     *
     * @param tokenizer with the words
     * @param firstRow of the words' vectors in the table of tokens
     * @param rows of the table
     * @param vectors [count, width] of each word
     */
    private record Encoder(
            ClipTextConfig config, ClipTokenizer tokenizer, int firstRow, int rows, List<Tensor> vectors) {}

    private Embeddings(ModelSource base, List<TextualInversion> words) {
        this.base = base;
        for (String part : List.of(FIRST, SECOND)) {
            if (base.has(part)) {
                Encoder encoder = encoder(part, words);
                encoders.put(part, encoder);
                encoders.put(part.replace("text_encoder", "tokenizer"), encoder);
            }
        }
    }

    /**
     * Lays words over a model.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if the vectors of one are for another kind of model
     * @throws IllegalArgumentException if one is a token of the model already, or there twice
     * @throws ModelException if the model's tokenizer and text encoder do not fit together
     */
    public static Embeddings over(ModelSource base, List<TextualInversion> words) {
        return new Embeddings(base, words);
    }

    private Encoder encoder(String part, List<TextualInversion> words) {
        ClipTextConfig config = ClipTextConfig.of(base.config(part));
        ClipTokenizer tokenizer = base.tokenizer(part.replace("text_encoder", "tokenizer"));
        int firstRow = tokenizer.size();
        if (firstRow > config.vocabSize()) {
            throw new ModelException(
                    "%s: expected a vocab_size of at least %d, which the tokenizer has ids for, found %d"
                            .formatted(base.where(part), firstRow, config.vocabSize()));
        }
        boolean second = part.equals(SECOND);
        boolean alone = !base.has(second ? FIRST : SECOND);
        List<Tensor> vectors = new ArrayList<>();
        for (TextualInversion word : words) {
            Tensor own = word.vectors(second, alone, config.hiddenSize());
            vectors.add(own);
            tokenizer = tokenizer.with(word.token(), own.shape().dim(0));
        }
        return new Encoder(
                config, tokenizer, firstRow, Math.max(tokenizer.size(), config.vocabSize()), List.copyOf(vectors));
    }

    @Override
    public ClipTokenizer tokenizer(String part) {
        Encoder encoder = encoders.get(part);
        return encoder == null ? base.tokenizer(part) : encoder.tokenizer;
    }

    @Override
    public ModelConfig config(String part) {
        ModelConfig config = base.config(part);
        Encoder encoder = encoders.get(part);
        return encoder == null
                ? config
                : config.with(ModelConfig.parse(config.file(), "{\"vocab_size\": %d}".formatted(encoder.rows)));
    }

    @Override
    public long copies() {
        return base.copies()
                + List.of(FIRST, SECOND).stream()
                        .map(encoders::get)
                        .filter(encoder -> encoder != null && !encoder.vectors.isEmpty())
                        .mapToLong(encoder -> DType.F32.bytesFor((long) encoder.rows * encoder.config.hiddenSize()))
                        .sum();
    }

    @Override
    public Weights weights(String part, Arena arena) {
        Weights weights = base.weights(part, arena);
        Encoder encoder = encoders.get(part);
        if (encoder == null || encoder.vectors.isEmpty()) {
            return weights;
        }
        String name = ClipTextModel.tokenTable(weights);
        int width = encoder.config.hiddenSize();
        Tensor table = Tensor.allocate(arena, DType.F32, encoder.rows, width);
        copy(weights.get(name, encoder.config.vocabSize(), width), table, 0);
        int row = encoder.firstRow;
        for (Tensor vectors : encoder.vectors) {
            copy(vectors, table, row);
            row += vectors.shape().dim(0);
        }
        return weights.with("textual inversion over " + weights.where(), Map.of(name, table));
    }

    private static void copy(Tensor from, Tensor to, int row) {
        for (int i = 0; i < from.shape().dim(0); i++) {
            float[] numbers = from.slice(i, i + 1).toFloatArray();
            Tensor place = to.slice(row + i, row + i + 1);
            MemorySegment.copy(numbers, 0, place.data(), ValueLayout.JAVA_FLOAT, 0, numbers.length);
        }
    }

    @Override
    public ModelSource base() {
        return base;
    }
}
