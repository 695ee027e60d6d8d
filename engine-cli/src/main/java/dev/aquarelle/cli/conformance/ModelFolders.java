package dev.aquarelle.cli.conformance;

import com.google.gson.JsonElement;
import dev.aquarelle.sd.checkpoint.ModelFolder;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.checkpoint.ReplacedParts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The golden folder's models. */
final class ModelFolders {
    private static final List<String> PARTS =
            List.of("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2");

    private ModelFolders() {}

    /**
     * @throws UnsupportedCaseException if the folder's {@code config.json} names another class
     */
    static void require(Path folder, String expected) {
        JsonElement found = Json.readObject(folder.resolve("config.json")).get("_class_name");
        if (found != null && !found.getAsString().equals(expected)) {
            throw new UnsupportedCaseException(found.getAsString());
        }
    }

    /** A whole model whose parts, such as a tokenizer, may be stored with another one. */
    static ModelSource source(GoldenCase golden, String folder) {
        Path path = golden.model(folder);
        Map<String, Path> parts = new HashMap<>();
        for (String part : PARTS) {
            if (Files.isDirectory(path.resolve(part))) {
                parts.put(part, golden.model(folder + "/" + part));
            }
        }
        return new ReplacedParts(new ModelFolder(path), parts);
    }
}
