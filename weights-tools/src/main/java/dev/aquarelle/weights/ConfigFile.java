package dev.aquarelle.weights;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.Collections;
import java.util.List;

/** The fields of a {@code config.json} that decide a model's shapes. These files are ours: a field that is missing is a mistake in this module. */
record ConfigFile(JsonObject fields) {
    static ConfigFile parse(String json) {
        return new ConfigFile(JsonParser.parseString(json).getAsJsonObject());
    }

    int integer(String name) {
        return fields.get(name).getAsInt();
    }

    boolean bool(String name, boolean otherwise) {
        return fields.has(name) ? fields.get(name).getAsBoolean() : otherwise;
    }

    String text(String name, String otherwise) {
        return fields.has(name) ? fields.get(name).getAsString() : otherwise;
    }

    List<Integer> integers(String name) {
        return elements(name).stream().map(JsonElement::getAsInt).toList();
    }

    /** A field that is a list, or one number for all of {@code count} places. */
    List<Integer> integers(String name, int count, int otherwise) {
        if (fields.get(name) instanceof JsonArray) {
            return integers(name);
        }
        return Collections.nCopies(count, fields.has(name) ? integer(name) : otherwise);
    }

    List<String> strings(String name) {
        return elements(name).stream().map(JsonElement::getAsString).toList();
    }

    private List<JsonElement> elements(String name) {
        return fields.getAsJsonArray(name).asList();
    }
}
