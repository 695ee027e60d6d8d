package dev.aquarelle.core.safetensors;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The tensors of a model by name, seen from one of its parts: {@code weights.at("down_blocks.0").get("conv_in.weight", 320, 4, 3, 3)}
 * is the tensor {@code down_blocks.0.conv_in.weight}, if it has this shape.
 *
 * <p>Nothing is read until a tensor's numbers are; the tensors live as long as the arena given to {@link #open}.
 */
public final class Weights {
    private static final List<String> STEMS = List.of("diffusion_pytorch_model", "model");
    private static final List<String> VARIANTS = List.of("", ".fp16", ".bf16");

    /** Where a tensor is: the name of its file for messages, and the view itself, made when asked for. */
    private record Source(String file, Supplier<Tensor> view, Supplier<TensorInfo> info) {}

    private final String where;
    private final Map<String, Source> sources;
    private final String prefix;

    private Weights(String where, Map<String, Source> sources, String prefix) {
        this.where = where;
        this.sources = sources;
        this.prefix = prefix;
    }

    /**
     * Opens a safetensors file, an index of several ({@code *.index.json}), or a model's folder that holds either.
     *
     * @param arena what the tensors live with; shared or automatic if a backend reads them in several threads
     * @throws SafetensorsException if there is no such file, or one of them is malformed, or a tensor is not where the index says
     */
    public static Weights open(Path path, Arena arena) {
        Path file = Files.isDirectory(path) ? find(path) : path;
        return file.toString().endsWith(".json") ? openShards(file, arena) : of(SafetensorsFile.open(file, arena));
    }

    /** The tensors of one file. */
    public static Weights of(SafetensorsFile file) {
        String where = file.path().toString();
        Map<String, Source> sources = new LinkedHashMap<>();
        file.names()
                .forEach(name -> sources.put(name, new Source(where, () -> file.tensor(name), () -> file.info(name))));
        return new Weights(where, sources, "");
    }

    /**
     * Tensors that are in memory.
     *
     * @param where how messages call the place they come from
     */
    public static Weights of(String where, Map<String, Tensor> tensors) {
        Map<String, Source> sources = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> sources.put(name, new Source(where, () -> tensor, () -> info(tensor))));
        return new Weights(where, sources, "");
    }

    /**
     * The same part with more tensors, or others in the place of some of it; names are this part's. Nothing is copied.
     *
     * @param where how messages call the place that the tensors come from
     */
    public Weights with(String where, Map<String, Tensor> tensors) {
        Map<String, Source> all = new LinkedHashMap<>(sources);
        tensors.forEach((name, tensor) -> all.put(path(name), new Source(where, () -> tensor, () -> info(tensor))));
        return new Weights(this.where, all, prefix);
    }

    /**
     * A view of this part under other names; tensors that are not listed are not in it.
     *
     * @param names each new name, and the present one of the same tensor in this part
     * @throws SafetensorsException if there is no tensor of a present name
     */
    public Weights renamed(Map<String, String> names) {
        Map<String, Source> renamed = new LinkedHashMap<>();
        names.forEach((name, present) -> renamed.put(name, source(present)));
        return new Weights(where, renamed, "");
    }

    private static Weights openShards(Path index, Arena arena) {
        Map<Path, SafetensorsFile> files = new HashMap<>();
        Map<String, Source> sources = new LinkedHashMap<>();
        ShardIndex.read(index).forEach((name, path) -> {
            SafetensorsFile file = files.computeIfAbsent(path, p -> SafetensorsFile.open(p, arena));
            if (!file.names().contains(name)) {
                throw new SafetensorsException(
                        "%s: expected in %s, as %s says, found no such tensor there".formatted(name, path, index));
            }
            sources.put(name, new Source(path.toString(), () -> file.tensor(name), () -> file.info(name)));
        });
        return new Weights(index.toString(), sources, "");
    }

    private static Path find(Path folder) {
        for (String variant : VARIANTS) {
            for (String stem : STEMS) {
                for (Path candidate : List.of(
                        folder.resolve(stem + variant + ".safetensors"),
                        folder.resolve(stem + ".safetensors.index" + variant + ".json"))) {
                    if (Files.exists(candidate)) {
                        return candidate;
                    }
                }
            }
        }
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.filter(f -> f.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
            if (found.size() == 1) {
                return found.getFirst();
            }
            if (found.isEmpty() && folder.toString().endsWith(".safetensors")) {
                throw new SafetensorsException(
                        "%s: expected a safetensors file, found a folder without one in it".formatted(folder));
            }
            throw new SafetensorsException(
                    "%s: expected model.safetensors, diffusion_pytorch_model.safetensors or an index of either, found %s"
                            .formatted(
                                    folder,
                                    found.isEmpty()
                                            ? "no safetensors file"
                                            : found.stream()
                                                    .map(Path::getFileName)
                                                    .toList()));
        } catch (IOException e) {
            throw new SafetensorsException(
                    "%s: expected a readable folder, found: %s".formatted(folder, e.getMessage()), e);
        }
    }

    /** The part below a name: {@code at("mid_block").at("resnets.0")} is {@code at("mid_block.resnets.0")}. */
    public Weights at(String name) {
        return new Weights(where, sources, path(name) + ".");
    }

    /** Whether there is a tensor of this name in this part. */
    public boolean has(String name) {
        return sources.containsKey(path(name));
    }

    /** Whether there is any tensor below this name in this part: {@code hasPart("conv_shortcut")}. */
    public boolean hasPart(String name) {
        String start = path(name) + ".";
        return sources.keySet().stream().anyMatch(key -> key.startsWith(start));
    }

    /**
     * A tensor that must have these axes, in the file's type and layout.
     *
     * @throws SafetensorsException if it is missing or has another shape
     */
    public Tensor get(String name, int... dims) {
        Tensor tensor = get(name);
        Shape expected = Shape.of(dims);
        if (!tensor.shape().equals(expected)) {
            throw new SafetensorsException(
                    "%s: expected %s, found %s in %s".formatted(path(name), expected, tensor.shape(), file(name)));
        }
        return tensor;
    }

    /**
     * A tensor of any shape.
     *
     * @throws SafetensorsException if it is missing or its type is one that cannot be read
     */
    public Tensor get(String name) {
        return source(name).view().get();
    }

    /**
     * What is known of a tensor without reading it, though its type may be one that cannot be read.
     *
     * @throws SafetensorsException if it is missing
     */
    public TensorInfo info(String name) {
        return source(name).info().get();
    }

    private static TensorInfo info(Tensor tensor) {
        return new TensorInfo(
                tensor.dtype().name(), tensor.shape(), tensor.data().byteSize());
    }

    private Source source(String name) {
        Source source = sources.get(path(name));
        if (source == null) {
            throw new SafetensorsException("%s: missing in %s".formatted(path(name), where));
        }
        return source;
    }

    /** The full name of a tensor or part. */
    public String path(String name) {
        return prefix + name;
    }

    /** The names of the tensors in this part, without the part's own name, in the file's order. */
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        for (String name : sources.keySet()) {
            if (name.startsWith(prefix)) {
                names.add(name.substring(prefix.length()));
            }
        }
        return Collections.unmodifiableSet(names);
    }

    /** The file, index or other place the tensors come from, for messages. */
    public String where() {
        return where;
    }

    private String file(String name) {
        Source source = sources.get(path(name));
        return source == null ? where : source.file();
    }

    @Override
    public String toString() {
        return prefix.isEmpty() ? where : "%s in %s".formatted(prefix.substring(0, prefix.length() - 1), where);
    }
}
