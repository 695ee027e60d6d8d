package dev.aquarelle.sd;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.aquarelle.sd.json.JsonFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The JSON object in a model's {@code config.json}, read field by field with checks: a file from somewhere else is not trusted. Each
 * error names the file, the field, what was expected and what was found. A field that is {@code null} counts as absent. Immutable.
 */
public final class ModelConfig {
    private static final JsonFile JSON = new JsonFile(ModelException::new);
    private static final int MAX_LIST = 1024;

    private final String file;
    private final JsonObject json;

    private ModelConfig(String file, JsonObject json) {
        this.file = file;
        this.json = json;
    }

    /**
     * Reads a file that holds one JSON object.
     *
     * @throws ModelException if the file is missing, unreadable, no strict JSON or something else than an object
     */
    public static ModelConfig read(Path file) {
        return parse(file.toString(), JSON.text(file));
    }

    /**
     * Reads a text that holds one JSON object.
     *
     * @param file what messages call it
     * @throws ModelException if it is no strict JSON or something else than an object
     */
    public static ModelConfig parse(String file, String text) {
        return new ModelConfig(file, JSON.object(file, text));
    }

    /** The same with the fields of another in the place of its own or beside them; one that is {@code null} there takes a field away. */
    public ModelConfig with(ModelConfig other) {
        JsonObject all = json.deepCopy();
        other.json.entrySet().forEach(field -> all.add(field.getKey(), field.getValue()));
        return new ModelConfig(file, all);
    }

    /** The file's name, as in messages. */
    public String file() {
        return file;
    }

    /** Whether the field is there and not {@code null}. */
    public boolean has(String field) {
        return find(field) != null;
    }

    /** Whether the field is there and {@code null}, where that means something else than an absent one. */
    public boolean isNull(String field) {
        JsonElement found = json.get(field);
        return found != null && found.isJsonNull();
    }

    /** The names of all fields. */
    public Set<String> fields() {
        return Collections.unmodifiableSet(json.keySet());
    }

    /** An integer from {@code min} to {@code max}. */
    public int integer(String field, int min, int max) {
        return integer(field, require(field, "an integer"), min, max);
    }

    /** An integer from {@code min} to {@code max}, or {@code absent} where the field is not there. */
    public int integer(String field, int min, int max, int absent) {
        JsonElement found = find(field);
        return found == null ? absent : integer(field, found, min, max);
    }

    /** A finite number. */
    public double number(String field) {
        return number(field, require(field, "a number"));
    }

    /** A finite number, or {@code absent} where the field is not there. */
    public double number(String field, double absent) {
        JsonElement found = find(field);
        return found == null ? absent : number(field, found);
    }

    /** A truth value, or {@code absent} where the field is not there. */
    public boolean bool(String field, boolean absent) {
        JsonElement found = find(field);
        return found == null ? absent : bool(field, found);
    }

    /** A text. */
    public String string(String field) {
        return string(field, require(field, "a text"));
    }

    /** A text, or {@code absent} where the field is not there. */
    public String string(String field, String absent) {
        JsonElement found = find(field);
        return found == null ? absent : string(field, found);
    }

    /** Whether the field is there and holds a list. */
    public boolean isList(String field) {
        return find(field) instanceof JsonArray;
    }

    /** Whether the field is there and holds an object. */
    public boolean isObject(String field) {
        return find(field) instanceof JsonObject;
    }

    /** Whether the field is there and holds a text. */
    public boolean isText(String field) {
        return find(field) instanceof JsonPrimitive primitive && primitive.isString();
    }

    /** Whether the field is there and holds something else than an empty list or object. */
    public boolean hasEntries(String field) {
        return switch (find(field)) {
            case null -> false;
            case JsonArray array -> !array.isEmpty();
            case JsonObject object -> !object.isEmpty();
            default -> true;
        };
    }

    /** What is in a list or an object, as a config of its own; the fields of a list are named by their places, from 0. */
    public ModelConfig entries(String field) {
        if (isObject(field)) {
            return object(field);
        }
        JsonObject places = new JsonObject();
        for (JsonElement element : list(field, "a list or an object")) {
            places.add(Integer.toString(places.size()), element);
        }
        return new ModelConfig(file + ": " + field, places);
    }

    /** A list of integers from {@code min} to {@code max}. */
    public List<Integer> integers(String field, int min, int max) {
        List<Integer> values = new ArrayList<>();
        for (JsonElement element : list(field, "a list of integers")) {
            values.add(integer(field, element, min, max));
        }
        return List.copyOf(values);
    }

    /** A list of texts. */
    public List<String> strings(String field) {
        List<String> values = new ArrayList<>();
        for (JsonElement element : list(field, "a list of texts")) {
            values.add(string(field, element));
        }
        return List.copyOf(values);
    }

    /** An integer from {@code min} to {@code max} for each of {@code count} blocks: a list of so many, or one integer for all. */
    public List<Integer> integerForEach(String field, int count, int min, int max, int absent) {
        if (!isList(field)) {
            return Collections.nCopies(count, integer(field, min, max, absent));
        }
        List<Integer> values = integers(field, min, max);
        if (values.size() != count) {
            throw mismatch(field, "one integer, or a list of " + count);
        }
        return values;
    }

    /** A truth value for each of {@code count} blocks: a list of so many, or one for all. */
    public List<Boolean> boolForEach(String field, int count, boolean absent) {
        if (!isList(field)) {
            return Collections.nCopies(count, bool(field, absent));
        }
        List<Boolean> values = new ArrayList<>();
        for (JsonElement element : list(field, "a list of true and false")) {
            values.add(bool(field, element));
        }
        if (values.size() != count) {
            throw mismatch(field, "true or false, or a list of %d of them".formatted(count));
        }
        return List.copyOf(values);
    }

    /**
     * Refuses what a model does not know: the field must be absent or have one of the supported values; a list must hold nothing else.
     *
     * @param supported texts, truth values and numbers as they are written in JSON, texts without quotes; none for a field that must be absent
     * @throws ModelException such as {@code unet/config.json: class_embed_type "timestep" is not supported}
     */
    public void supportOnly(String field, String... supported) {
        JsonElement found = find(field);
        if (found == null) {
            return;
        }
        for (JsonElement each : found instanceof JsonArray list ? list : List.of(found)) {
            if (Arrays.stream(supported).noneMatch(value -> says(each, value))) {
                throw new ModelException("%s: %s %s is not supported%s"
                        .formatted(
                                file,
                                field,
                                JsonFile.shortened(found),
                                supported.length == 0 ? "" : ", only " + String.join(", ", supported)));
            }
        }
    }

    private static boolean says(JsonElement element, String value) {
        if (!(element instanceof JsonPrimitive primitive)) {
            return false;
        }
        if (primitive.isNumber()) {
            return !value.isEmpty()
                    && Character.isDigit(value.charAt(0))
                    && primitive.getAsDouble() == Double.parseDouble(value);
        }
        return primitive.getAsString().equals(value);
    }

    /** The object in a field, as a config of its own. */
    public ModelConfig object(String field) {
        JsonElement found = require(field, "an object");
        if (found instanceof JsonObject object) {
            return new ModelConfig(file + ": " + field, object);
        }
        throw mismatch(field, "an object", found);
    }

    /** An error about a field's value, for what the models themselves check. */
    public ModelException mismatch(String field, String expected) {
        JsonElement found = find(field);
        return found == null ? missing(field, expected) : mismatch(field, expected, found);
    }

    private @Nullable JsonElement find(String field) {
        JsonElement found = json.get(field);
        return found == null || found.isJsonNull() ? null : found;
    }

    private JsonElement require(String field, String expected) {
        JsonElement found = find(field);
        if (found == null) {
            throw missing(field, expected);
        }
        return found;
    }

    private JsonArray list(String field, String expected) {
        if (!(require(field, expected) instanceof JsonArray array)) {
            throw mismatch(field, expected);
        }
        if (array.size() > MAX_LIST) {
            throw new ModelException(
                    "%s: %s: expected at most %d entries, found %d".formatted(file, field, MAX_LIST, array.size()));
        }
        return array;
    }

    private int integer(String field, JsonElement found, int min, int max) {
        if (found instanceof JsonPrimitive primitive && primitive.isNumber()) {
            double value = primitive.getAsDouble();
            if (value == Math.rint(value) && value >= min && value <= max) {
                return (int) value;
            }
        }
        String range = max == Integer.MAX_VALUE ? "of at least " + min : "from " + min + " to " + max;
        throw mismatch(field, "an integer " + range, found);
    }

    private boolean bool(String field, JsonElement found) {
        if (found instanceof JsonPrimitive primitive && primitive.isBoolean()) {
            return primitive.getAsBoolean();
        }
        throw mismatch(field, "true or false", found);
    }

    private double number(String field, JsonElement found) {
        if (found instanceof JsonPrimitive primitive && primitive.isNumber()) {
            double value = primitive.getAsDouble();
            if (Double.isFinite(value)) {
                return value;
            }
        }
        throw mismatch(field, "a finite number", found);
    }

    private String string(String field, JsonElement found) {
        if (found instanceof JsonPrimitive primitive && primitive.isString()) {
            return primitive.getAsString();
        }
        throw mismatch(field, "a text", found);
    }

    private ModelException missing(String field, String expected) {
        return new ModelException("%s: %s: expected %s, found nothing".formatted(file, field, expected));
    }

    private ModelException mismatch(String field, String expected, JsonElement found) {
        return new ModelException(
                "%s: %s: expected %s, found %s".formatted(file, field, expected, JsonFile.shortened(found)));
    }

    /** The JSON text. */
    @Override
    public String toString() {
        return json.toString();
    }
}
