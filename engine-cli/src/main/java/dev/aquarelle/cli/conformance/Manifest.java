package dev.aquarelle.cli.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The list of a golden folder, {@code MANIFEST.json}: the cases by name ({@code 06_unet/sd15_1x8x8_t500}), and size and hash of the files.
 *
 * @param root the golden folder
 * @param cases by full name
 * @param files by path in the folder
 * @param seen the paths of files that were found to be as they must be: many cases share a model, which is read once to see that
 */
record Manifest(Path root, Map<String, Entry> cases, Map<String, Content> files, Set<String> seen) {
    private static final String FILE = "MANIFEST.json";

    Manifest {
        root = root.toAbsolutePath().normalize(); // so that a path in it begins like it, however it is written
    }

    Manifest(Path root, Map<String, Entry> cases, Map<String, Content> files) {
        this(root, cases, files, ConcurrentHashMap.newKeySet());
    }

    /** A case: its group, and the files it consists of. */
    record Entry(String group, List<String> files) {}

    /** What a file must be. */
    record Content(long size, String sha256) {}

    /**
     * @throws GoldenException if there is no manifest, or it is not as the README says
     */
    static Manifest read(Path root) {
        Path file = root.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw new GoldenException(
                    "%s: expected a folder of golden files with a %s, found none".formatted(root, FILE));
        }
        JsonObject json = Json.readObject(file);
        Map<String, Entry> cases = new LinkedHashMap<>();
        Map<String, Content> files = new LinkedHashMap<>();
        try {
            Json.object(json, "cases", file).entrySet().forEach(e -> {
                JsonObject entry = e.getValue().getAsJsonObject();
                List<String> paths = entry.getAsJsonArray("files").asList().stream()
                        .map(JsonElement::getAsString)
                        .toList();
                cases.put(e.getKey(), new Entry(entry.get("group").getAsString(), paths));
            });
            Json.object(json, "files", file).entrySet().forEach(e -> {
                JsonObject entry = e.getValue().getAsJsonObject();
                files.put(
                        e.getKey(),
                        new Content(
                                entry.get("size").getAsLong(),
                                entry.get("sha256").getAsString()));
            });
        } catch (IllegalStateException | NullPointerException | ClassCastException | NumberFormatException e) {
            throw new GoldenException(
                    "%s: expected cases with group and files, and files with size and sha256".formatted(file), e);
        }
        return new Manifest(root, Collections.unmodifiableMap(cases), Collections.unmodifiableMap(files));
    }

    /** The groups in the order of their cases. */
    List<String> groups() {
        return cases.values().stream().map(Entry::group).distinct().sorted().toList();
    }

    /** A path in the folder, which it may not leave. */
    Path resolve(String path) {
        Path file = root.resolve(path).normalize();
        if (!file.startsWith(root)) {
            throw new GoldenException("%s: expected a path in the golden folder, found %s".formatted(root, path));
        }
        return file;
    }

    /** What is wrong with the files of a case: missing, or not those the manifest was written for. */
    List<String> faults(String name) {
        List<String> faults = new ArrayList<>();
        Entry entry = cases.get(name);
        if (entry == null) {
            return List.of(name + ": expected a case of " + FILE);
        }
        entry.files().forEach(path -> check(path, faults));
        return faults;
    }

    /**
     * A file that a case opens, whether or not its entry lists it.
     *
     * @throws GoldenException if the manifest was not written for this file
     */
    Path sound(String path) {
        Path file = resolve(path);
        List<String> faults = new ArrayList<>();
        check(root.relativize(file).toString().replace('\\', '/'), faults);
        if (!faults.isEmpty()) {
            throw new GoldenException(faults.getFirst());
        }
        return file;
    }

    /** What is wrong with those files of a folder that the manifest lists. */
    List<String> faultsBelow(Path folder) {
        List<String> faults = new ArrayList<>();
        for (String path : files.keySet()) {
            if (resolve(path).startsWith(folder)) {
                check(path, faults);
            }
        }
        return faults;
    }

    private void check(String path, List<String> faults) {
        if (seen.contains(path)) {
            return;
        }
        int before = faults.size();
        compare(path, faults);
        if (faults.size() == before) {
            seen.add(path);
        }
    }

    private void compare(String path, List<String> faults) {
        Path file = resolve(path);
        Content content = files.get(path);
        if (!Files.isRegularFile(file)) {
            faults.add("%s: expected the file, found none".formatted(path));
        } else if (content == null) {
            faults.add("%s: expected its size and sha256 in %s, found none".formatted(path, FILE));
        } else {
            compare(path, file, content, faults);
        }
    }

    private static void compare(String path, Path file, Content content, List<String> faults) {
        try {
            long size = Files.size(file);
            if (size != content.size()) {
                faults.add("%s: expected %d bytes, as %s says, found %d".formatted(path, content.size(), FILE, size));
                return;
            }
            String sha256 = sha256(Files.readAllBytes(file));
            if (!sha256.equals(content.sha256())) {
                faults.add("%s: expected the sha256 %s, as %s says, found %s"
                        .formatted(path, content.sha256(), FILE, sha256));
            }
        } catch (IOException e) {
            faults.add("%s: expected a readable file, found: %s".formatted(path, e));
        }
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
