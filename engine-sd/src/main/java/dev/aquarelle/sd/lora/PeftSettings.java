package dev.aquarelle.sd.lora;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsFile;
import dev.aquarelle.sd.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What PEFT says beside the tensors of how much they count: diffusers writes its configuration into the file's metadata, PEFT itself into
 * {@code adapter_config.json} beside {@code adapter_model.safetensors}. Without either, a difference counts once.
 *
 * @param config the fields of all parts of the model
 */
record PeftSettings(ModelConfig config) {
    private static final String METADATA = "lora_adapter_metadata";
    private static final String CONFIG = "adapter_config.json";
    private static final String MODEL = "adapter_model.safetensors";
    private static final int MOST = 1 << 20;

    /**
     * @throws dev.aquarelle.sd.ModelException if there is a configuration that is no JSON
     */
    static PeftSettings of(SafetensorsFile file) {
        String metadata = file.metadata().get(METADATA);
        if (metadata != null) {
            return new PeftSettings(ModelConfig.parse(file.path() + ": " + METADATA, metadata));
        }
        Path beside = file.path().resolveSibling(CONFIG);
        boolean isItsOwn = file.path().endsWith(MODEL) && Files.exists(beside);
        return new PeftSettings(
                isItsOwn
                        ? ModelConfig.read(beside)
                        : ModelConfig.parse(file.path().toString(), "{}"));
    }

    /** {@code alpha / rank} of a module, or {@code alpha / sqrt(rank)} where the configuration says so (arXiv:2312.03732). */
    double scale(String module, int rank) {
        String part = part(module);
        String alpha = first(part + "lora_alpha", part + "alpha");
        if (alpha.isEmpty()) {
            return 1;
        }
        double own = pattern(part + "alpha_pattern", module, config.number(alpha));
        return own / (config.bool(part + "use_rslora", false) ? Math.sqrt(rank) : rank);
    }

    /** The same where the tensors do not tell the rank. */
    double scaleOfWhole(String module) {
        String part = part(module);
        if (!config.has(part + "r")) {
            return 1;
        }
        double rank = pattern(part + "rank_pattern", module, config.integer(part + "r", 1, MOST));
        if (!(rank >= 1 && rank <= MOST)) {
            throw new SafetensorsException("%s: rank_pattern: expected ranks of 1 to %d, found %s in %s"
                    .formatted(module, MOST, rank, config.file()));
        }
        return scale(module, (int) rank);
    }

    /** The name before the fields of the module's part of the model; empty where a configuration is of one part alone. */
    private String part(String module) {
        for (String part : List.of("unet.", "text_encoder_2.", "text_encoder.")) {
            if (module.startsWith(part)) {
                return config.has(part + "r") || config.has(part + "lora_alpha") ? part : "";
            }
        }
        return "";
    }

    private String first(String... fields) {
        for (String field : fields) {
            if (config.has(field)) {
                return field;
            }
        }
        return "";
    }

    /** What a table by the ends of modules' names says, if it says anything. */
    private double pattern(String field, String module, double usual) {
        if (config.isObject(field)) {
            ModelConfig table = config.object(field);
            for (String key : table.fields()) {
                if (module.equals(key) || module.endsWith("." + key)) {
                    return table.number(key);
                }
            }
        }
        return usual;
    }
}
