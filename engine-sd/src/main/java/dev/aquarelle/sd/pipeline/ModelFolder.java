package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A model's folder in the layout of diffusers: {@code model_index.json} and a folder for each part.
 *
 * @param path the folder
 */
record ModelFolder(Path path) {
    private static final String INDEX = "model_index.json";
    private static final String PIPELINE = "StableDiffusionPipeline";

    /** The parts a picture takes, and the classes of them that the engine knows. */
    private static final Map<String, String> PARTS = Map.of(
            "unet", "UNet2DConditionModel",
            "vae", "AutoencoderKL",
            "text_encoder", "CLIPTextModel");

    /**
     * Checks that it is a model of this family, before anything is read of it.
     *
     * @throws ModelException if not; says what it is
     */
    static ModelFolder open(Path path) {
        if (!Files.isDirectory(path)) {
            throw new ModelException("%s: expected a model's folder, found %s"
                    .formatted(path, Files.exists(path) ? "a file" : "nothing of that name"));
        }
        Path file = path.resolve(INDEX);
        if (!Files.exists(file)) {
            throw new ModelException(
                    "%s: expected a model in the layout of diffusers, found no %s".formatted(path, INDEX));
        }
        ModelConfig index = ModelConfig.read(file);
        String pipeline = index.string("_class_name");
        if (!pipeline.equals(PIPELINE)) {
            throw new ModelException("%s: _class_name: expected %s, found %s".formatted(file, PIPELINE, pipeline));
        }
        PARTS.forEach((part, known) -> {
            List<String> found = index.has(part) ? index.strings(part) : List.of();
            if (!found.isEmpty() && !found.getLast().equals(known)) {
                throw new ModelException("%s: %s: expected %s, found %s".formatted(file, part, known, found.getLast()));
            }
        });
        ModelFolder folder = new ModelFolder(path);
        for (String part : List.of("tokenizer", "text_encoder", "unet", "vae", "scheduler")) {
            folder.part(part);
        }
        return folder;
    }

    /** The folder of a part. */
    Path part(String name) {
        Path part = path.resolve(name);
        if (!Files.isDirectory(part)) {
            throw new ModelException("%s: the model lacks its folder %s".formatted(path, name));
        }
        return part;
    }

    /** The folder's name. */
    String name() {
        Path name = path.toAbsolutePath().normalize().getFileName();
        return name == null ? path.toString() : name.toString();
    }
}
