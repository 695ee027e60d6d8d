package dev.aquarelle.sd.clip;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Random weights of a text encoder by the names that checkpoints have. */
public final class TinyTextEncoder {
    /** Two layers of width 8 over 520 tokens, 77 positions. */
    public static final String CONFIG = """
        {"architectures": ["CLIPTextModelWithProjection"], "vocab_size": 520, "hidden_size": 8, "intermediate_size": 12,
         "num_hidden_layers": 2, "num_attention_heads": 2, "hidden_act": "gelu", "eos_token_id": 519, "projection_dim": 6}
        """;

    private TinyTextEncoder() {}

    /** The tensors of {@link #CONFIG}, each name but the projection's below {@code prefix}. */
    public static Map<String, Tensor> tensors(String prefix) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Random random = new Random(5);
        put(tensors, random, prefix + "embeddings.token_embedding.weight", 520, 8);
        put(tensors, random, prefix + "embeddings.position_embedding.weight", 77, 8);
        for (int i = 0; i < 2; i++) {
            String layer = prefix + "encoder.layers." + i + ".";
            linear(tensors, random, layer + "self_attn.k_proj", 8, 8);
            linear(tensors, random, layer + "self_attn.v_proj", 8, 8);
            linear(tensors, random, layer + "self_attn.q_proj", 8, 8);
            linear(tensors, random, layer + "self_attn.out_proj", 8, 8);
            norm(tensors, random, layer + "layer_norm1");
            linear(tensors, random, layer + "mlp.fc1", 8, 12);
            linear(tensors, random, layer + "mlp.fc2", 12, 8);
            norm(tensors, random, layer + "layer_norm2");
        }
        norm(tensors, random, prefix + "final_layer_norm");
        put(tensors, random, "text_projection.weight", 6, 8);
        return tensors;
    }

    /** The same as an open file. */
    public static Weights weights(String prefix) {
        return Weights.of("model.safetensors", tensors(prefix));
    }

    private static void linear(Map<String, Tensor> tensors, Random random, String name, int in, int out) {
        put(tensors, random, name + ".weight", out, in);
        put(tensors, random, name + ".bias", out);
    }

    private static void norm(Map<String, Tensor> tensors, Random random, String name) {
        put(tensors, random, name + ".weight", 8);
        put(tensors, random, name + ".bias", 8);
    }

    private static void put(Map<String, Tensor> tensors, Random random, String name, int... dims) {
        float[] values = new float[(int) Shape.of(dims).size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() * 0.5f;
        }
        tensors.put(name, Tensor.of(values, dims));
    }
}
