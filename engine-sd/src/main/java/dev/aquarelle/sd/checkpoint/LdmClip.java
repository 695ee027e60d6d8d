package dev.aquarelle.sd.checkpoint;

import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A text encoder that has the names of transformers in a checkpoint, with {@code text_model} before them or without: CLIP ViT-L of Stable
 * Diffusion 1 and SDXL.
 */
final class LdmClip implements LdmPart {
    private static final int HEAD_WIDTH = 64;
    private static final int OPEN_CLIP_WIDTH = 1024; // of ViT-H, the smaller one of those that Stable Diffusion has

    private final Weights text;
    private final String prefix;

    /**
     * @param file names and shapes of all tensors of the file
     * @param prefix of the encoder: {@code cond_stage_model.transformer}
     */
    LdmClip(Weights file, String prefix) {
        this.prefix = file.hasPart(prefix + ".text_model") ? prefix + ".text_model" : prefix;
        this.text = file.at(this.prefix);
    }

    @Override
    public JsonObject config(ModelConfig told) {
        int width = Dims.of(text, "embeddings.token_embedding.weight", 1);
        JsonObject json = sizes(text, width, told);
        json.addProperty("vocab_size", Dims.of(text, "embeddings.token_embedding.weight", 0));
        json.addProperty("intermediate_size", Dims.of(text, "encoder.layers.0.mlp.fc1.weight", 0));
        json.addProperty("num_hidden_layers", layers(text, "encoder.layers"));
        json.addProperty("max_position_embeddings", Dims.of(text, "embeddings.position_embedding.weight", 0));
        json.addProperty("hidden_act", width < OPEN_CLIP_WIDTH ? "quick_gelu" : "gelu");
        json.addProperty("projection_dim", width);
        json.addProperty("model_type", "clip_text_model");
        return json;
    }

    /** What all text encoders are alike in: heads of 64 channels, and the end of a prompt as published files have it, wrongly. */
    static JsonObject sizes(Weights text, int width, ModelConfig told) {
        JsonObject json = new JsonObject();
        json.addProperty("hidden_size", width);
        json.addProperty("eos_token_id", 2);
        if (!told.has("num_attention_heads")) {
            if (width % HEAD_WIDTH != 0) {
                throw new ModelException(
                        "%s: num_attention_heads cannot be found out from tensors: expected a width that is a multiple of %d, found %d"
                                .formatted(text, HEAD_WIDTH, width));
            }
            json.addProperty("num_attention_heads", width / HEAD_WIDTH);
        }
        return json;
    }

    static int layers(Weights text, String name) {
        int layers = 0;
        while (text.hasPart(name + "." + layers)) {
            layers++;
        }
        return layers;
    }

    @Override
    public Weights weights(Weights file) {
        Map<String, String> names = new LinkedHashMap<>();
        for (String name : text.names()) {
            if (!name.equals("embeddings.position_ids")) {
                names.put("text_model." + name, name);
            }
        }
        return file.at(prefix).renamed(names);
    }
}
