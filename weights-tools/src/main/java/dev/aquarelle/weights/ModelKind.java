package dev.aquarelle.weights;

import dev.aquarelle.core.tensor.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Guesses what model a file holds by names that only this kind has, and the family by the width of the text that it takes. */
final class ModelKind {
    private static final String UNKNOWN = "unknown";

    private final Map<String, Shape> shapes = new HashMap<>();

    private ModelKind(List<Inspection.Entry> tensors) {
        tensors.forEach(entry -> shapes.put(entry.name(), entry.shape()));
    }

    static String of(List<Inspection.Entry> tensors) {
        return new ModelKind(tensors).guess();
    }

    private String guess() {
        if (anyContains("lora_down") || anyContains("lora_A") || anyContains("lora.down")) {
            return "LoRA";
        }
        if (shapes.containsKey("model.diffusion_model.input_blocks.0.0.weight")) {
            return "single-file checkpoint" + family("model.diffusion_model.");
        }
        if (anyContains("controlnet_cond_embedding")) {
            return "ControlNet" + family("");
        }
        if (shapes.containsKey("time_embedding.linear_1.weight")) {
            Shape first = shapes.get("conv_in.weight");
            boolean inpainting = first != null && first.rank() == 4 && first.dim(1) == 9;
            return (inpainting ? "inpainting U-Net" : "U-Net") + family("");
        }
        if (anyStartsWith("decoder.up_blocks.") || anyStartsWith("decoder.up.")) {
            return "autoencoder";
        }
        if (anyStartsWith("text_model.encoder.layers.") || anyStartsWith("encoder.layers.")) {
            return textEncoder();
        }
        return UNKNOWN;
    }

    /** What the cross-attentions of U-Nets read. */
    private String family(String prefix) {
        for (Map.Entry<String, Shape> entry : shapes.entrySet()) {
            if (entry.getKey().startsWith(prefix) && entry.getKey().endsWith("attn2.to_k.weight")) {
                return switch (entry.getValue().last()) {
                    case 768 -> " of Stable Diffusion 1";
                    case 1024 -> " of Stable Diffusion 2";
                    case 1280 -> " of SDXL's refiner";
                    case 2048 -> " of SDXL";
                    default -> " for text of width " + entry.getValue().last();
                };
            }
        }
        return "";
    }

    private String textEncoder() {
        for (Map.Entry<String, Shape> entry : shapes.entrySet()) {
            if (entry.getKey().endsWith("embeddings.token_embedding.weight")) {
                int width = entry.getValue().last();
                return switch (width) {
                    case 768 -> "CLIP text encoder, ViT-L/14";
                    case 1024 -> "CLIP text encoder, ViT-H/14";
                    case 1280 -> "CLIP text encoder, ViT-bigG/14";
                    default -> "CLIP text encoder of width " + width;
                };
            }
        }
        return "text encoder";
    }

    private boolean anyContains(String part) {
        return shapes.keySet().stream().anyMatch(name -> name.contains(part));
    }

    private boolean anyStartsWith(String start) {
        return shapes.keySet().stream().anyMatch(name -> name.startsWith(start));
    }
}
