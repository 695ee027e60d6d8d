package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** ControlNets as they are found on disks; what a file is, its tensors tell, not its name. */
final class ControlNetFile {
    private static final String CONFIG = "config.json";

    /** Parts of other files that are taken for ControlNets, and what these are. The first that is found counts. */
    private static final Map<String, String> OTHERS = others();

    private ControlNetFile() {}

    private static Map<String, String> others() {
        Map<String, String> others = new LinkedHashMap<>();
        others.put("lora_controlnet", "a Control-LoRA, which is not supported");
        others.put("control_add_embedding", "a ControlNet Union, which is not supported");
        others.put("adapter.body", "a T2I-Adapter");
        others.put("body", "a T2I-Adapter");
        others.put("image_proj", "an IP-Adapter");
        others.put("transformer_blocks", "a model of another family (Flux, Stable Diffusion 3)");
        others.put("model.diffusion_model", "a checkpoint of Stable Diffusion");
        others.put("up_blocks", "a denoiser");
        return others;
    }

    static ControlNetModel load(Path path, Arena arena) {
        Weights weights = Weights.open(path, arena);
        boolean original = OriginalControlNet.isIn(weights);
        if (!original) {
            requireControlNet(weights);
        }
        Weights named = original ? OriginalControlNet.renamed(weights) : weights;
        Path config = Files.isDirectory(path) ? path.resolve(CONFIG) : path.resolveSibling(CONFIG);
        boolean configured = Files.isDirectory(path) || !original && Files.exists(config);
        return ControlNetModel.load(
                named, configured ? ControlNetConfig.read(config) : ControlNetTensors.configOf(named));
    }

    private static void requireControlNet(Weights weights) {
        OTHERS.forEach((part, what) -> {
            if (weights.hasPart(part) || weights.has(part)) {
                throw new ModelException("%s: expected a ControlNet, found %s".formatted(weights.where(), what));
            }
        });
        if (!weights.hasPart("controlnet_cond_embedding")) {
            throw new ModelException(
                    "%s: expected a ControlNet, found no tensor of controlnet_cond_embedding, its first"
                            .formatted(weights.where()));
        }
    }
}
