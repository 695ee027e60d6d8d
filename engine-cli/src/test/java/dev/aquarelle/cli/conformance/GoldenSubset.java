package dev.aquarelle.cli.conformance;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Copies cases and models from a full golden folder into a smaller one and writes its manifest anew: it lists the cases of which all
 * files are there. Usage: see {@code src/test/golden/README.md}.
 */
final class GoldenSubset {
    private static final String MANIFEST = "MANIFEST.json";

    private GoldenSubset() {}

    /** Arguments: the full folder, the smaller one, and which to copy: cases, groups, models by the beginning of their paths. */
    public static void main(String[] args) throws IOException {
        if (args.length < 2) {
            throw new IllegalArgumentException("expected: FULL_FOLDER SMALL_FOLDER [PATH...]");
        }
        copy(Path.of(args[0]), Path.of(args[1]), List.of(args).subList(2, args.length));
    }

    static void copy(Path full, Path small, List<String> wanted) throws IOException {
        JsonObject manifest =
                JsonParser.parseString(Files.readString(full.resolve(MANIFEST))).getAsJsonObject();
        JsonObject cases = manifest.getAsJsonObject("cases");
        for (String name : cases.keySet()) {
            if (wanted.stream().anyMatch(w -> isOrIsBelow(name, w))) {
                for (JsonElement file : cases.getAsJsonObject(name).getAsJsonArray("files")) {
                    copyFile(full, small, file.getAsString());
                }
            }
        }
        for (String file : manifest.getAsJsonObject("files").keySet()) {
            if (wanted.stream().anyMatch(w -> isOrIsBelow(file, w))) {
                copyFile(full, small, file);
            }
        }
        writeManifest(manifest, small);
    }

    /** The manifest of what is in the folder. */
    private static void writeManifest(JsonObject full, Path small) throws IOException {
        TreeMap<String, JsonElement> cases = new TreeMap<>();
        full.getAsJsonObject("cases").asMap().forEach((name, entry) -> {
            if (entry.getAsJsonObject().getAsJsonArray("files").asList().stream()
                    .allMatch(file -> Files.exists(small.resolve(file.getAsString())))) {
                cases.put(name, entry);
            }
        });
        TreeMap<String, JsonElement> files = new TreeMap<>();
        full.getAsJsonObject("files").asMap().forEach((file, content) -> {
            if (Files.exists(small.resolve(file)) && !file.equals("README.md")) {
                files.put(file, content);
            }
        });
        JsonObject manifest = new JsonObject();
        manifest.addProperty("set", "subset");
        manifest.add("cases", object(cases));
        manifest.add("files", object(files));
        Files.writeString(
                small.resolve(MANIFEST),
                new GsonBuilder().setPrettyPrinting().create().toJson(manifest) + "\n");
    }

    private static JsonObject object(Map<String, JsonElement> members) {
        JsonObject object = new JsonObject();
        members.forEach(object::add);
        return object;
    }

    private static boolean isOrIsBelow(String path, String wanted) {
        return path.equals(wanted) || path.startsWith(wanted + "/");
    }

    private static void copyFile(Path full, Path small, String file) throws IOException {
        Path target = small.resolve(file);
        Files.createDirectories(target.resolveSibling(""));
        Files.copy(full.resolve(file), target, StandardCopyOption.REPLACE_EXISTING);
        if (!target.toFile().setWritable(true)) {
            throw new IOException(target + ": expected a file that can be made writable");
        }
    }
}
