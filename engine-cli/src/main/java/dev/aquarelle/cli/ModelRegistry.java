package dev.aquarelle.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The models that the user gave names to: a small JSON file, {@code {"models": {"sd15": {"path": "/models/v1-5.safetensors"}}}}.
 *
 * @param file where it is, or will be
 */
public record ModelRegistry(Path file) {
    private static final String MODELS = "models";
    private static final String PATH = "path";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    /** The user's: {@code models.json} in {@code AQUARELLE_HOME}, or in the folder where programs keep their settings here. */
    public static ModelRegistry ofUser() {
        return in(System.getenv(), System.getProperty("os.name", ""), Path.of(System.getProperty("user.home", ".")));
    }

    /** Where the LoRAs are that prompts call by name: {@code loras} beside the file. */
    Path loraFolder() {
        return file.resolveSibling("loras");
    }

    /** The one of a user with this environment. */
    static ModelRegistry in(Map<String, String> environment, String system, Path home) {
        String own = environment.getOrDefault("AQUARELLE_HOME", "");
        if (!own.isEmpty()) {
            return new ModelRegistry(Path.of(own, "models.json"));
        }
        boolean windows = system.toLowerCase(Locale.ROOT).startsWith("windows");
        String settings = environment.getOrDefault(windows ? "APPDATA" : "XDG_CONFIG_HOME", "");
        Path folder = !settings.isEmpty() && Path.of(settings).isAbsolute()
                ? Path.of(settings)
                : home.resolve(windows ? "AppData/Roaming" : ".config");
        return new ModelRegistry(folder.resolve("aquarelle").resolve("models.json"));
    }

    /**
     * All entries by name, in the order of the names.
     *
     * @throws ModelException if the file is broken
     */
    Map<String, Path> models() {
        if (!Files.exists(file)) {
            return Map.of();
        }
        ModelConfig models = ModelConfig.read(file).object(MODELS);
        Map<String, Path> paths = new TreeMap<>();
        for (String name : models.fields()) {
            ModelConfig entry = models.object(name);
            try {
                paths.put(name, Path.of(entry.string(PATH)));
            } catch (InvalidPathException e) {
                throw entry.mismatch(PATH, "a path");
            }
        }
        return Collections.unmodifiableMap(paths);
    }

    /**
     * What a user calls a model by: a folder or a file if there is one, else a name that is registered.
     *
     * @return the path; of something that is neither, the argument as it is, for whoever opens it to refuse
     * @throws ModelException if the file is broken, or what is registered is not there any more
     */
    public Path resolve(Path pathOrName) {
        if (Files.exists(pathOrName)) {
            return pathOrName;
        }
        Path registered = models().get(pathOrName.toString());
        if (registered != null && !Files.exists(registered)) {
            throw new ModelException("%s: expected a model at %s, as %s says, found nothing there"
                    .formatted(pathOrName, registered, file));
        }
        return registered == null ? pathOrName : registered;
    }

    /**
     * Adds a model, or gives another one the name.
     *
     * @throws IllegalArgumentException if the name is none
     * @throws ModelException if the file is broken
     */
    void add(String name, Path path) throws IOException {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "name: expected up to 64 letters, digits, dots, hyphens and underscores, found '%s'"
                            .formatted(name));
        }
        Map<String, Path> models = new TreeMap<>(models());
        models.put(name, path.toAbsolutePath().normalize());
        write(models);
    }

    /**
     * Forgets a model; its files stay.
     *
     * @throws ModelException if there is none of this name, or the file is broken
     */
    void remove(String name) throws IOException {
        Map<String, Path> models = new TreeMap<>(models());
        if (models.remove(name) == null) {
            throw new ModelException("%s: no model of this name in %s".formatted(name, file));
        }
        write(models);
    }

    /** Whole or not at all: another process may read it at any time. */
    private void write(Map<String, Path> models) throws IOException {
        JsonObject entries = new JsonObject();
        models.forEach((name, path) -> {
            JsonObject entry = new JsonObject();
            entry.addProperty(PATH, path.toString());
            entries.add(name, entry);
        });
        JsonObject json = new JsonObject();
        json.add(MODELS, entries);
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        Path temporary = Files.createTempFile(folder, ".models", ".part");
        try {
            Files.writeString(
                    temporary, new GsonBuilder().setPrettyPrinting().create().toJson(json) + "\n");
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
