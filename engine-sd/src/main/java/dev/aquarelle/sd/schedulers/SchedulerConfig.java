package dev.aquarelle.sd.schedulers;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.aquarelle.sd.json.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A model's {@code scheduler_config.json} as it stands, not yet checked against a scheduler. Immutable. */
public final class SchedulerConfig {
    private static final JsonFile JSON = new JsonFile(SchedulerException::new);

    /** Python writes infinite numbers, which JSON does not have, as bare words; quoted they can be read. */
    private static final Pattern BARE_INFINITY = Pattern.compile("(?<=[:\\[,\\s])(-?Infinity)(?=[\\s,}\\]])");

    private final String where;
    private final JsonObject json;

    private SchedulerConfig(String where, JsonObject json) {
        this.where = where;
        this.json = json;
    }

    /**
     * Reads a file, or {@code scheduler_config.json} in a folder.
     *
     * @throws SchedulerException if it is missing, unreadable or no JSON object
     */
    public static SchedulerConfig read(Path fileOrFolder) {
        Path file = Files.isDirectory(fileOrFolder) ? fileOrFolder.resolve("scheduler_config.json") : fileOrFolder;
        return parse(file.toString(), JSON.text(file));
    }

    /**
     * Reads a text that holds one JSON object.
     *
     * @param where how messages call its place
     * @throws SchedulerException if it is something else
     */
    public static SchedulerConfig parse(String where, String text) {
        String readable = BARE_INFINITY.matcher(text).replaceAll("\"$1\"");
        return new SchedulerConfig(where, JSON.object(where, readable));
    }

    /**
     * The name of the scheduler's class: {@code _class_name}.
     *
     * @throws SchedulerException if there is none
     */
    public String className() {
        if (find("_class_name") instanceof JsonPrimitive name && name.isString()) {
            return name.getAsString();
        }
        throw new SchedulerException(
                "%s: _class_name: expected the name of a scheduler, found nothing".formatted(where));
    }

    /**
     * As diffusers' Stable Diffusion pipelines take it. Files of their first releases lack what every model of the family needs, and so
     * the pipelines set it whatever the file says: a {@code steps_offset} of 1, and no clipping, since latents have no range.
     */
    public SchedulerConfig forStableDiffusion() {
        return with("steps_offset", 1).with("clip_sample", false);
    }

    /** With a text in place of what an option is now. */
    public SchedulerConfig with(String option, String value) {
        return with(option, new JsonPrimitive(value));
    }

    /** With a number in place of what an option is now. */
    public SchedulerConfig with(String option, double value) {
        return with(option, new JsonPrimitive(value));
    }

    /** With a truth value in place of what an option is now. */
    public SchedulerConfig with(String option, boolean value) {
        return with(option, new JsonPrimitive(value));
    }

    SchedulerConfig with(String option, JsonElement value) {
        JsonObject copy = json.deepCopy();
        copy.add(option, value);
        return new SchedulerConfig(where, copy);
    }

    /** The value of an option; none and {@code null} are the same. */
    @Nullable
    JsonElement find(String option) {
        JsonElement found = json.get(option);
        return found == null || found.isJsonNull() ? null : found;
    }

    Iterable<String> options() {
        return json.keySet();
    }

    /** How messages call its place: the file. */
    public String where() {
        return where;
    }

    /** The JSON text. */
    @Override
    public String toString() {
        return new Gson().toJson(json);
    }
}
