package dev.aquarelle.weights;

import dev.aquarelle.core.tensor.Shape;
import java.util.List;
import java.util.Map;

/**
 * Names and shapes of the tensors of {@code CLIPTextModel} and {@code CLIPTextModelWithProjection} in transformers, as their {@code config.json} asks
 * for them.
 */
final class TextEncoderTensors {
    private TextEncoderTensors() {}

    static Map<String, Shape> of(ConfigFile config) {
        TensorList list = new TensorList();
        TensorList model = list.at("text_model");
        int width = config.integer("hidden_size");
        int inner = config.integer("intermediate_size");
        model.add("embeddings.token_embedding.weight", config.integer("vocab_size"), width);
        model.add("embeddings.position_embedding.weight", config.integer("max_position_embeddings"), width);
        for (int i = 0; i < config.integer("num_hidden_layers"); i++) {
            TensorList layer = model.at("encoder").at("layers", i);
            for (String matrix : List.of("k_proj", "v_proj", "q_proj", "out_proj")) {
                layer.at("self_attn").linear(matrix, width, width);
            }
            layer.norm("layer_norm1", width);
            layer.linear("mlp.fc1", width, inner);
            layer.linear("mlp.fc2", inner, width);
            layer.norm("layer_norm2", width);
        }
        model.norm("final_layer_norm", width);
        if (config.strings("architectures").contains("CLIPTextModelWithProjection")) {
            list.matrix("text_projection", width, config.integer("projection_dim"));
        }
        return list.shapes();
    }
}
