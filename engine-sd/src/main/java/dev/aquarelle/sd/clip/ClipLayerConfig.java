package dev.aquarelle.sd.clip;

import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;

/**
 * What the transformer layers of CLIP's two encoders are made by.
 *
 * @param hiddenSize width of a token's hidden state
 * @param intermediateSize width inside of the two-layer perceptrons
 * @param numAttentionHeads heads of {@code hiddenSize / numAttentionHeads} channels each
 * @param hiddenAct the perceptrons' activation
 * @param layerNormEps added to the variance in layer norms
 * @param causal whether a token sees only itself and those before it: text, not images
 */
public record ClipLayerConfig(
        int hiddenSize,
        int intermediateSize,
        int numAttentionHeads,
        Activation hiddenAct,
        float layerNormEps,
        boolean causal) {
    private static final int MAX_SIZE = 1 << 16;

    /**
     * Reads and checks the fields of an encoder, with these sizes for what is absent.
     *
     * @throws ModelException if a field does not fit; names file, field, expected, found
     */
    static ClipLayerConfig of(ModelConfig config, int hiddenSize, int intermediateSize, int heads, boolean causal) {
        int width = config.integer("hidden_size", 1, MAX_SIZE, hiddenSize);
        int numAttentionHeads = config.integer("num_attention_heads", 1, MAX_SIZE, heads);
        if (width % numAttentionHeads != 0) {
            throw config.mismatch("num_attention_heads", "a divisor of hidden_size %d".formatted(width));
        }
        float epsilon = (float) config.number("layer_norm_eps", 1e-5);
        if (!(epsilon > 0 && epsilon < 1)) {
            throw config.mismatch("layer_norm_eps", "a number between 0 and 1");
        }
        return new ClipLayerConfig(
                width,
                config.integer("intermediate_size", 1, MAX_SIZE, intermediateSize),
                numAttentionHeads,
                hiddenAct(config),
                epsilon,
                causal);
    }

    private static Activation hiddenAct(ModelConfig config) {
        return switch (config.string("hidden_act", "quick_gelu")) {
            case "quick_gelu" -> Activation.QUICK_GELU;
            case "gelu" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Activation.GELU_TANH;
            default -> throw config.mismatch("hidden_act", "quick_gelu, gelu or gelu_new");
        };
    }
}
