package dev.aquarelle.sd.checkpoint;

import com.google.gson.JsonObject;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Hashes of model files, by which a picture's parameters say what it was made with: SHA-256, as the web UI of AUTOMATIC1111 computes it. A file
 * of some gigabytes takes some seconds, so what was found is kept in a file with the size and the time of what was hashed. Safe for use from several
 * threads, which wait for one another.
 */
public final class FileHashes {
    /** Computes nothing: parameters have no hashes then. */
    public static final FileHashes NONE = new FileHashes(null, false);

    private static final Logger LOG = System.getLogger(FileHashes.class.getName());
    private static final String HASHES = "hashes";
    private static final String WHOLE = "sha256";
    private static final String TENSORS = "tensors";
    private static final int HEADER_LENGTH = 8;

    private final @Nullable Path cache;
    private final boolean on;
    private @Nullable Map<String, Entry> known;

    /** What was found of a file as it was then. */
    private record Entry(long bytes, long modified, Map<String, String> hashes) {}

    private FileHashes(@Nullable Path cache, boolean on) {
        this.cache = cache;
        this.on = on;
    }

    /**
     * Keeps what was found in a file.
     *
     * @param cache a JSON file, made when it is needed; one that is broken is begun anew
     */
    public static FileHashes keptIn(Path cache) {
        return new FileHashes(cache, true);
    }

    /** Whether there are hashes. */
    public boolean isOn() {
        return on;
    }

    /**
     * The hash of a file; of a folder that of the list of its weights, configurations and vocabularies, which {@code find . -name '*.safetensors' -o
     * -name '*.json' -o -name '*.txt' | LC_ALL=C sort | xargs sha256sum | sha256sum} gives too.
     *
     * @return 64 hexadecimal digits
     * @throws UncheckedIOException if a file cannot be read
     */
    public synchronized String of(Path fileOrFolder) {
        try {
            return Files.isDirectory(fileOrFolder) ? ofFolder(fileOrFolder) : ofFile(fileOrFolder, WHOLE);
        } catch (IOException e) {
            throw new UncheckedIOException("%s: cannot be read".formatted(fileOrFolder), e);
        }
    }

    /**
     * The hash of what lies behind the header of a safetensors file: the web UI knows LoRAs by it, since their headers change when somebody edits a
     * description.
     *
     * @return 64 hexadecimal digits
     * @throws UncheckedIOException if the file cannot be read
     */
    public synchronized String ofTensors(Path file) {
        try {
            return Files.isDirectory(file) ? ofFolder(file) : ofFile(file, TENSORS);
        } catch (IOException e) {
            throw new UncheckedIOException("%s: cannot be read".formatted(file), e);
        }
    }

    private String ofFolder(Path given) throws IOException {
        Path folder = given.toRealPath(); // a link is not walked into
        Predicate<String> counts =
                name -> name.endsWith(".safetensors") || name.endsWith(".json") || name.endsWith(".txt");
        List<String> names;
        try (Stream<Path> files = Files.walk(folder)) {
            names = files.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString().replace('\\', '/'))
                    .filter(counts)
                    .sorted()
                    .toList();
        }
        StringBuilder list = new StringBuilder();
        for (String name : names) {
            list.append(ofFile(folder.resolve(name), WHOLE))
                    .append("  ./")
                    .append(name)
                    .append('\n');
        }
        return HexFormat.of().formatHex(sha256().digest(list.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private String ofFile(Path file, String kind) throws IOException {
        Path real = file.toRealPath();
        long bytes = Files.size(real);
        long modified = Files.getLastModifiedTime(real).toMillis();
        Map<String, Entry> all = known();
        Entry entry = all.get(real.toString());
        boolean valid = entry != null && entry.bytes == bytes && entry.modified == modified;
        String found = valid && entry != null ? entry.hashes.get(kind) : null;
        if (found != null) {
            return found;
        }
        String hash = digest(real, kind.equals(TENSORS) && FileKind.of(real).isSafetensors());
        Map<String, String> hashes = new TreeMap<>(valid && entry != null ? entry.hashes : Map.of());
        hashes.put(kind, hash);
        all.put(real.toString(), new Entry(bytes, modified, hashes));
        keep(all);
        return hash;
    }

    private static String digest(Path file, boolean behindHeader) throws IOException {
        MessageDigest sha256 = sha256();
        try (InputStream in = Files.newInputStream(file)) {
            if (behindHeader) {
                byte[] length = in.readNBytes(HEADER_LENGTH);
                in.skipNBytes(
                        ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong());
            }
            new DigestInputStream(in, sha256).transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(sha256.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private Map<String, Entry> known() {
        Map<String, Entry> found = known;
        if (found == null) {
            found = read();
            known = found;
        }
        return found;
    }

    private Map<String, Entry> read() {
        Map<String, Entry> entries = new TreeMap<>();
        if (cache == null || !Files.exists(cache)) {
            return entries;
        }
        try {
            ModelConfig files = ModelConfig.read(cache).object(HASHES);
            for (String path : files.fields()) {
                ModelConfig entry = files.object(path);
                Map<String, String> hashes = new TreeMap<>();
                for (String kind : List.of(WHOLE, TENSORS)) {
                    if (entry.has(kind)) {
                        hashes.put(kind, entry.string(kind));
                    }
                }
                entries.put(path, new Entry((long) entry.number("bytes"), (long) entry.number("modified"), hashes));
            }
        } catch (ModelException e) {
            LOG.log(Level.WARNING, "hashes of models are computed again: {0}", e.getMessage());
            entries.clear();
        }
        return entries;
    }

    /** Whole or not at all; that it cannot be kept costs time, not the picture. */
    private void keep(Map<String, Entry> all) {
        if (cache == null) {
            return;
        }
        JsonObject files = new JsonObject();
        all.forEach((path, entry) -> {
            JsonObject json = new JsonObject();
            json.addProperty("bytes", entry.bytes);
            json.addProperty("modified", entry.modified);
            entry.hashes.forEach(json::addProperty);
            files.add(path, json);
        });
        JsonObject json = new JsonObject();
        json.add(HASHES, files);
        try {
            Path folder = cache.toAbsolutePath().getParent();
            Files.createDirectories(folder);
            Path temporary = Files.createTempFile(folder, ".hashes", ".part");
            try {
                Files.writeString(temporary, json + "\n");
                Files.move(temporary, cache, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "hashes of models cannot be kept in {0}: {1}", cache, e.getMessage());
        }
    }
}
