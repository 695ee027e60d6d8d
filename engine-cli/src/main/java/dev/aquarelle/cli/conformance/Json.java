package dev.aquarelle.cli.conformance;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** JSON objects from the files of a golden folder. */
final class Json {
    private static final Gson GSON =
            new GsonBuilder().setStrictness(Strictness.STRICT).create();

    private Json() {}

    static JsonObject readObject(Path file) {
        try {
            JsonElement json = GSON.fromJson(Files.readString(file), JsonElement.class);
            if (json == null || !json.isJsonObject()) {
                throw new GoldenException("%s: expected a JSON object".formatted(file));
            }
            return json.getAsJsonObject();
        } catch (JsonParseException e) {
            throw new GoldenException("%s: expected JSON, found: %s".formatted(file, e.getMessage()), e);
        } catch (IOException e) {
            throw new GoldenException("%s: expected a readable file, found: %s".formatted(file, e), e);
        }
    }

    static JsonObject object(JsonObject json, String key, Path file) {
        JsonElement value = json.get(key);
        if (value == null || !value.isJsonObject()) {
            throw new GoldenException("%s: %s: expected an object, found %s".formatted(file, key, value));
        }
        return value.getAsJsonObject();
    }
}
