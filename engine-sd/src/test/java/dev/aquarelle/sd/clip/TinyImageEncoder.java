package dev.aquarelle.sd.clip;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.FormulaWeights;
import dev.aquarelle.sd.ModelConfig;
import java.util.Map;

/** An image encoder of two layers for images of 4 x 4 pixels, by transformers' names, of {@link FormulaWeights}. */
public final class TinyImageEncoder {
    private TinyImageEncoder() {}

    /** Its configuration. */
    public static ClipVisionConfig config() {
        return ClipVisionConfig.of(ModelConfig.parse("config.json", """
            {"model_type": "clip_vision_model", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2,
             "num_attention_heads": 2, "image_size": 4, "patch_size": 2, "projection_dim": 4, "hidden_act": "gelu"}
            """));
    }

    /** Its tensors. */
    static Map<String, Tensor> tensors() {
        return formula().tensors();
    }

    private static FormulaWeights formula() {
        FormulaWeights tensors = new FormulaWeights(0, 0);
        String vision = "vision_model.";
        tensors.tensor(vision + "embeddings.class_embedding", 8);
        tensors.tensor(vision + "embeddings.patch_embedding.weight", 8, 3, 2, 2);
        tensors.tensor(vision + "embeddings.position_embedding.weight", 5, 8);
        tensors.norm(vision + "pre_layrnorm", 8);
        tensors.norm(vision + "post_layernorm", 8);
        for (int i = 0; i < 2; i++) {
            String layer = vision + "encoder.layers." + i;
            tensors.norm(layer + ".layer_norm1", 8);
            tensors.norm(layer + ".layer_norm2", 8);
            tensors.linear(layer + ".mlp.fc1", 8, 12);
            tensors.linear(layer + ".mlp.fc2", 12, 8);
            for (String projection : new String[] {"q_proj", "k_proj", "v_proj", "out_proj"}) {
                tensors.linear(layer + ".self_attn." + projection, 8, 8);
            }
        }
        tensors.tensor("visual_projection.weight", 4, 8);
        return tensors;
    }

    /** The model. */
    public static ClipVisionModel load() {
        return ClipVisionModel.load(formula().weights(), config());
    }

    /** The image {@code sin(1.7 (i + 1))}. */
    public static Tensor image() {
        return Tensor.of(FormulaWeights.sines(48, 1.7, 0, 1, 0), 1, 4, 4, 3);
    }
}
