package dev.aquarelle.sd.checkpoint;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.ModelConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A text encoder that has OpenCLIP's names in a checkpoint: ViT-H of Stable Diffusion 2, bigG of SDXL. Query, key and value are one matrix
 * there, of which diffusers' are thirds, and the pooled text is multiplied by the projection from the left.
 *
 * <p>Stable Diffusion 2 takes the last layer but one. As in diffusers' files the last one is left out.
 */
final class LdmOpenClip implements LdmPart {
    private static final int VIT_H = 1024;
    private static final int VIT_H_WITHOUT_LAST = 23; // what diffusers' converter back to this layout leaves

    private static final Map<String, String> ENDS = Map.of(
            "text_model.embeddings.token_embedding.weight", "token_embedding.weight",
            "text_model.embeddings.position_embedding.weight", "positional_embedding",
            "text_model.final_layer_norm.weight", "ln_final.weight",
            "text_model.final_layer_norm.bias", "ln_final.bias");

    private static final Map<String, String> LAYERS = Map.of(
            "layer_norm1", "ln_1", //
            "layer_norm2", "ln_2", //
            "mlp.fc1", "mlp.c_fc", //
            "mlp.fc2", "mlp.c_proj", //
            "self_attn.out_proj", "attn.out_proj");

    private static final List<String> PROJECTIONS = List.of("q_proj", "k_proj", "v_proj");

    private final Weights text;
    private final String prefix;
    private final boolean projects;
    private final int width;
    private final int layers;

    /**
     * @param file names and shapes of all tensors of the file
     * @param prefix of the encoder: {@code cond_stage_model.model}
     * @param projects whether the family takes the pooled text: SDXL does, Stable Diffusion 2 does not, nor the last layer
     */
    LdmOpenClip(Weights file, String prefix, boolean projects) {
        this.prefix = prefix;
        this.text = file.at(prefix);
        this.projects = projects;
        this.width = Dims.of(text, "token_embedding.weight", 1);
        int all = LdmClip.layers(text, "transformer.resblocks");
        boolean lastIsOut = projects || width == VIT_H && all == VIT_H_WITHOUT_LAST;
        this.layers = lastIsOut ? all : all - 1;
    }

    /** Width of the pooled text. */
    int projectionDim() {
        return text.has("text_projection.weight")
                ? Dims.of(text, "text_projection.weight", 0)
                : Dims.of(text, "text_projection", 1);
    }

    @Override
    public JsonObject config(ModelConfig told) {
        JsonObject json = LdmClip.sizes(text, width, told);
        json.addProperty("vocab_size", Dims.of(text, "token_embedding.weight", 0));
        json.addProperty("intermediate_size", Dims.of(text, "transformer.resblocks.0.mlp.c_fc.weight", 0));
        json.addProperty("num_hidden_layers", layers);
        json.addProperty("max_position_embeddings", Dims.of(text, "positional_embedding", 0));
        json.addProperty("hidden_act", "gelu");
        json.addProperty("projection_dim", projects ? projectionDim() : width);
        JsonArray architectures = new JsonArray();
        architectures.add(projects ? "CLIPTextModelWithProjection" : "CLIPTextModel");
        json.add("architectures", architectures);
        return json;
    }

    @Override
    public Weights weights(Weights file) {
        Map<String, String> names = new LinkedHashMap<>(ENDS);
        Map<String, Tensor> made = new LinkedHashMap<>();
        Weights part = file.at(prefix);
        for (int i = 0; i < layers; i++) {
            String to = "text_model.encoder.layers.%d.".formatted(i);
            String from = "transformer.resblocks.%d.".formatted(i);
            for (String kind : List.of(".weight", ".bias")) {
                LAYERS.forEach((name, present) -> names.put(to + name + kind, from + present + kind));
            }
            thirds(made, to, part.get(from + "attn.in_proj_weight", 3 * width, width), ".weight");
            thirds(made, to, part.get(from + "attn.in_proj_bias", 3 * width), ".bias");
        }
        if (projects) {
            if (part.has("text_projection.weight")) {
                names.put("text_projection.weight", "text_projection.weight");
            } else {
                made.put("text_projection.weight", transposed(part.get("text_projection", width, projectionDim())));
            }
        }
        return part.renamed(names).with(file.where(), made);
    }

    private void thirds(Map<String, Tensor> made, String layer, Tensor all, String kind) {
        for (int i = 0; i < PROJECTIONS.size(); i++) {
            made.put(layer + "self_attn." + PROJECTIONS.get(i) + kind, all.slice(i * width, (i + 1) * width));
        }
    }

    /** A copy: the only numbers of a checkpoint that are not left where they are, 3 MB in SDXL. */
    private static Tensor transposed(Tensor matrix) {
        int rows = matrix.shape().dim(0);
        int columns = matrix.shape().dim(1);
        DType dtype = matrix.dtype();
        int bytes = dtype.bytes();
        MemorySegment copy = Arena.ofAuto().allocate(matrix.data().byteSize(), Tensor.ALIGNMENT);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                MemorySegment.copy(
                        matrix.data(),
                        ((long) row * columns + column) * bytes,
                        copy,
                        ((long) column * rows + row) * bytes,
                        bytes);
            }
        }
        return new Tensor(Shape.of(columns, rows), dtype, copy);
    }
}
