package dev.aquarelle.cli.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One golden case: its JSON, its tensors and the models it names. Tensors are views of the mapped file and live until the case is done;
 * images and latents are {@code [N, C, H, W]} as in the file ({@link Nchw} converts).
 */
public final class GoldenCase {
    private final Manifest manifest;
    private final String name;
    private final Path file;
    private final JsonObject json;
    private final Weights data;
    private final @Nullable Path fullSize;
    private final Arena arena;

    private GoldenCase(
            Manifest manifest,
            String name,
            Path file,
            JsonObject json,
            Weights data,
            @Nullable Path fullSize,
            Arena arena) {
        this.manifest = manifest;
        this.name = name;
        this.file = file;
        this.json = json;
        this.data = data;
        this.fullSize = fullSize;
        this.arena = arena;
    }

    static GoldenCase open(Manifest manifest, String name, @Nullable Path fullSize, Arena arena) {
        Path file = manifest.sound(name + ".json");
        JsonObject json = Json.readObject(file);
        JsonElement data = json.get("data");
        Weights tensors = data == null || data.isJsonNull()
                ? Weights.of(file.toString(), Map.of())
                : Weights.open(inFolder(manifest, file, data.getAsString()), arena);
        return new GoldenCase(manifest, name, file, json, tensors, fullSize, arena);
    }

    /** The full name: {@code 06_unet/sd15_1x8x8_t500}. */
    public String name() {
        return name;
    }

    /** The whole JSON of the case. */
    public JsonObject json() {
        return json;
    }

    /** The {@code params} of the JSON: what to compute. */
    public JsonObject params() {
        return Json.object(json, "params", file);
    }

    /** The {@code tolerance} of the JSON: limits by output. */
    public JsonObject tolerance() {
        return Json.object(json, "tolerance", file);
    }

    /** The limits of one output. */
    public Tolerance tolerance(String output) {
        JsonObject all = tolerance();
        if (!all.has(output)) {
            throw new GoldenException(
                    "%s: expected a tolerance of %s, found those of %s".formatted(file, output, all.keySet()));
        }
        return Tolerance.of(all.get(output), file + ": tolerance." + output);
    }

    /** All tensors of the case under their full names. */
    public Weights data() {
        return data;
    }

    /** The names of the expected outputs, without {@code out.} */
    public Set<String> outputs() {
        return data.at("out").names();
    }

    /** An input: the tensor {@code in.NAME}. */
    public Tensor in(String input) {
        return data.get("in." + input);
    }

    /** Whether there is an input of this name. */
    public boolean hasIn(String input) {
        return data.has("in." + input);
    }

    /** An expected output: the tensor {@code out.NAME}. */
    public Tensor out(String output) {
        return data.get("out." + output);
    }

    /** What new tensors of the case may live with; closed when the case is done. Usable from all threads. */
    public Arena arena() {
        return arena;
    }

    /** The golden folder. */
    public Path root() {
        return manifest.root();
    }

    /** The case's own folder. */
    public Path folder() {
        return file.resolveSibling("");
    }

    /** A file beside the case's JSON. */
    public Path file(String path) {
        return inFolder(manifest, file, path);
    }

    /**
     * A path from the golden folder, such as {@code models/sd2/vae}. Folders stored once are found where they are: one that holds only a
     * {@code SEE_*.json} stands for the folder at the end of that file's note.
     */
    public Path model(String path) {
        Path folder = whereStored(manifest.resolve(path));
        if (!Files.exists(folder)) {
            throw new GoldenException("%s: expected what %s needs, found no such file".formatted(folder, name));
        }
        List<String> faults = manifest.faultsBelow(folder);
        if (!faults.isEmpty()) {
            throw new GoldenException(faults.getFirst());
        }
        return folder;
    }

    private Path whereStored(Path folder) {
        try (Stream<Path> listing = Files.isDirectory(folder) ? Files.list(folder) : Stream.empty()) {
            List<Path> files = listing.toList();
            if (files.size() == 1 && files.getFirst().getFileName().toString().startsWith("SEE_")) {
                String note = Json.readObject(files.getFirst()).get("note").getAsString();
                Path meant = folder.resolve(note.substring(note.lastIndexOf(' ') + 1))
                        .normalize();
                return manifest.resolve(root().relativize(meant).toString());
            }
            return folder;
        } catch (IOException e) {
            throw new GoldenException("%s: expected a readable folder, found: %s".formatted(folder, e), e);
        }
    }

    /**
     * A part of the full-size model, such as {@code unet}.
     *
     * @throws UnsupportedCaseException if the user named no folder of it
     */
    public Path fullSizeModel(String part) {
        if (fullSize == null) {
            throw new UnsupportedCaseException("no full-size model: name its folder by --fullsize");
        }
        return fullSize.resolve(part);
    }

    private static Path inFolder(Manifest manifest, Path file, String path) {
        return manifest.sound(
                manifest.root().relativize(file.resolveSibling(path)).toString());
    }
}
