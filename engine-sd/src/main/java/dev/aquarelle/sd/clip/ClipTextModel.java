package dev.aquarelle.sd.clip;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.LayerNorm;
import dev.aquarelle.sd.nn.Linear;
import dev.aquarelle.sd.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * CLIP's text transformer (Radford et al., arXiv:2103.00020), which tells the denoiser what the prompt says. Token ids {@code [N, L]}
 * give a hidden state {@code [N, L, hiddenSize]} after every layer; models differ in which of them they were trained with:
 *
 * <pre>
 * Stable Diffusion 1   last layer, final norm                {@link #promptEmbeds} with clipSkip 0
 * Stable Diffusion 2   last layer (of 23), final norm        the same
 * SDXL, both encoders  last layer but one, no final norm     {@link #hiddenStates}, and {@link #pooled} of the second encoder
 * </pre>
 *
 * @param config the sizes
 * @param tokenEmbedding {@code [vocabSize, hiddenSize]}
 * @param positionEmbedding {@code [maxPositionEmbeddings, hiddenSize]}
 * @param textProjection of the pooled output, where the model has one
 */
public record ClipTextModel(
        ClipTextConfig config,
        Parameter tokenEmbedding,
        Parameter positionEmbedding,
        List<ClipEncoderLayer> layers,
        LayerNorm finalLayerNorm,
        @Nullable Linear textProjection) {

    private static final String TEXT_MODEL = "text_model";
    private static final String TOKEN_TABLE = "embeddings.token_embedding.weight";

    /**
     * Finds the parts by their names in the checkpoint, below {@code text_model} or, as some files have it, without this.
     *
     * @throws RuntimeException if a tensor is missing or of another shape than the config says; names it, expected, found, file
     */
    public static ClipTextModel load(Weights weights, ClipTextConfig config) {
        int width = config.hiddenSize();
        Weights text = weights.hasPart(TEXT_MODEL) ? weights.at(TEXT_MODEL) : weights;
        List<ClipEncoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            layers.add(ClipEncoderLayer.load(text.at("encoder.layers." + i), config.layer()));
        }
        return new ClipTextModel(
                config,
                Parameter.load(text, TOKEN_TABLE, config.vocabSize(), width),
                Parameter.load(text, "embeddings.position_embedding.weight", config.maxPositionEmbeddings(), width),
                List.copyOf(layers),
                LayerNorm.load(text.at("final_layer_norm"), width, config.layerNormEps()),
                config.withProjection()
                        ? Linear.loadWithoutBias(weights.at("text_projection"), width, config.projectionDim())
                        : null);
    }

    /** What a checkpoint calls the table of tokens, below {@code text_model} or without. */
    public static String tokenTable(Weights weights) {
        return weights.hasPart(TEXT_MODEL) ? TEXT_MODEL + "." + TOKEN_TABLE : TOKEN_TABLE;
    }

    /**
     * All hidden states of I32 ids {@code [N, L]}, each {@code [N, L, hiddenSize]}: first the embeddings, then one after each layer, the
     * last one before the final norm. Layers whose states are not used cost nothing.
     *
     * @throws TensorException if there are more ids than positions
     */
    public List<Value> hiddenStates(Graph g, Value ids) {
        Value x;
        try (var _ = g.scope("embeddings")) {
            x = g.add(
                    g.embedding(ids, tokenEmbedding.in(g)),
                    positions(g, ids.shape().last()));
        }
        List<Value> states = new ArrayList<>(List.of(x));
        for (int i = 0; i < layers.size(); i++) {
            try (var _ = g.scope("encoder.layers." + i)) {
                x = layers.get(i).forward(g, x);
            }
            states.add(x);
        }
        return List.copyOf(states);
    }

    private Value positions(Graph g, int length) {
        if (length > config.maxPositionEmbeddings()) {
            throw new TensorException("text encoder: expected at most %d tokens, found %d"
                    .formatted(config.maxPositionEmbeddings(), length));
        }
        return g.constant(positionEmbedding.name(), positionEmbedding.tensor().slice(0, length));
    }

    /** The final layer norm of a hidden state {@code [N, L, hiddenSize]}. */
    public Value normalized(Graph g, Value hiddenState) {
        try (var _ = g.scope("final_layer_norm")) {
            return finalLayerNorm.forward(g, hiddenState);
        }
    }

    /**
     * What Stable Diffusion 1 and 2 take of I32 ids {@code [N, L]}: the final norm of a hidden state, {@code [N, L, hiddenSize]}.
     *
     * @param clipSkip how many of the last layers are left out, 0 for none (other programs count from 1)
     * @throws IllegalArgumentException if there are not so many layers
     */
    public Value promptEmbeds(Graph g, Value ids, int clipSkip) {
        if (clipSkip < 0 || clipSkip >= layers.size()) {
            throw new IllegalArgumentException(
                    "clipSkip: expected 0 to %d, found %d".formatted(layers.size() - 1, clipSkip));
        }
        return normalized(g, hiddenStates(g, ids).get(layers.size() - clipSkip));
    }

    /**
     * One vector for each prompt, {@code [N, projectionDim]}, or {@code [N, hiddenSize]} where the model has no projection.
     *
     * @param lastHiddenState {@link #normalized}, {@code [N, L, hiddenSize]}
     * @param positions {@link ClipTextConfig#pooledPosition} of each prompt, I32 {@code [N]}
     */
    public Value pooled(Graph g, Value lastHiddenState, Value positions) {
        Value pooled = g.selectRows(lastHiddenState, positions);
        if (textProjection == null) {
            return pooled;
        }
        try (var _ = g.scope("text_projection")) {
            return textProjection.forward(g, pooled);
        }
    }
}
