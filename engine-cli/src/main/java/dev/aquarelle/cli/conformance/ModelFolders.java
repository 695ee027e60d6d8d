package dev.aquarelle.cli.conformance;

import com.google.gson.JsonElement;
import java.nio.file.Path;

/** What kind of model a folder holds. */
final class ModelFolders {
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
}
