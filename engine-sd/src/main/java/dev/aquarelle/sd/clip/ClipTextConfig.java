package dev.aquarelle.sd.clip;

import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.util.List;

/**
 * The {@code config.json} of a text encoder: CLIP ViT-L (Stable Diffusion 1, SDXL's first), OpenCLIP ViT-H and bigG in the same naming
 * (Stable Diffusion 2, SDXL's second), or any other size of them.
 *
 * @param vocabSize rows of the token table
 * @param hiddenSize width of a token's hidden state
 * @param intermediateSize width inside of the two-layer perceptrons
 * @param numHiddenLayers transformer layers
 * @param numAttentionHeads heads of {@code hiddenSize / numAttentionHeads} channels each
 * @param maxPositionEmbeddings the most tokens of a prompt, 77
 * @param hiddenAct the perceptrons' activation: {@code QUICK_GELU} in OpenAI's models, {@code GELU} in OpenCLIP's, {@code GELU_TANH} for {@code gelu_new}
 * @param layerNormEps added to the variance in layer norms
 * @param eosTokenId ends a prompt; 2 is a historical error in most files, see {@link #pooledPosition}
 * @param projectionDim width of the projected pooled output
 * @param withProjection whether the model has a text projection (transformers' {@code CLIPTextModelWithProjection})
 */
public record ClipTextConfig(
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int maxPositionEmbeddings,
        Activation hiddenAct,
        float layerNormEps,
        int eosTokenId,
        int projectionDim,
        boolean withProjection) {
    private static final int MAX_SIZE = 1 << 16;
    private static final int MAX_LAYERS = 1 << 10;
    private static final int MAX_VOCABULARY = 1 << 24;
    private static final int WRONG_EOS = 2;

    /**
     * Reads and checks the fields; what is absent has transformers' default.
     *
     * @throws ModelException if the architecture is no CLIP text encoder, or a field does not fit; names file, field, expected, found
     */
    public static ClipTextConfig of(ModelConfig config) {
        ClipLayerConfig layer = ClipLayerConfig.of(config, 512, 2048, 8, true);
        return new ClipTextConfig(
                config.integer("vocab_size", 1, MAX_VOCABULARY, 49408),
                layer.hiddenSize(),
                layer.intermediateSize(),
                config.integer("num_hidden_layers", 1, MAX_LAYERS, 12),
                layer.numAttentionHeads(),
                config.integer("max_position_embeddings", 2, MAX_SIZE, 77),
                layer.hiddenAct(),
                layer.layerNormEps(),
                config.integer("eos_token_id", 0, MAX_VOCABULARY, 49407),
                config.integer("projection_dim", 1, MAX_SIZE, 512),
                withProjection(config));
    }

    /** What its layers are made by. */
    public ClipLayerConfig layer() {
        return new ClipLayerConfig(hiddenSize, intermediateSize, numAttentionHeads, hiddenAct, layerNormEps, true);
    }

    private static boolean withProjection(ModelConfig config) {
        List<String> architectures = config.has("architectures") ? config.strings("architectures") : List.of();
        if (architectures.isEmpty()
                && config.string("model_type", "clip_text_model").equals("clip_text_model")) {
            return false;
        }
        return switch (architectures.isEmpty() ? "" : architectures.getFirst()) {
            case "CLIPTextModel" -> false;
            case "CLIPTextModelWithProjection" -> true;
            default ->
                throw config.mismatch(
                        architectures.isEmpty() ? "model_type" : "architectures",
                        "CLIPTextModel or CLIPTextModelWithProjection");
        };
    }

    /**
     * The position whose hidden state stands for the whole prompt: the first id equal to {@code eosTokenId}; where the config has the wrong
     * {@code eosTokenId} 2, the first of the largest ids, which ends every prompt in CLIP's own vocabulary.
     *
     * @param ids one prompt's
     */
    public int pooledPosition(int[] ids) {
        int position = 0;
        for (int i = 0; i < ids.length; i++) {
            if (eosTokenId != WRONG_EOS && ids[i] == eosTokenId) {
                return i;
            }
            if (eosTokenId == WRONG_EOS && ids[i] > ids[position]) {
                position = i;
            }
        }
        return position;
    }
}
