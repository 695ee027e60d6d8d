package dev.aquarelle.weights;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.TensorInfo;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.sd.checkpoint.FileKind;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is in a weights file, told by its header; the numbers are not read.
 *
 * @param file the file or index
 * @param kind what it is by names and shapes, as {@link FileKind} has it: {@code U-Net of Stable Diffusion 1}; {@code unknown} where these do not tell
 * @param metadata free text of the header, in its order
 * @param tensors in the order of the file
 */
public record Inspection(Path file, String kind, Map<String, String> metadata, List<Entry> tensors) {
    /**
     * One tensor.
     *
     * @param dtype its type's name in the file, which may be one that the engine cannot read
     * @param bytes that its numbers take
     */
    public record Entry(String name, String dtype, Shape shape, long bytes) {}

    /**
     * The tensors of one type together.
     *
     * @param tensors how many
     * @param parameters numbers in all of them
     * @param bytes that these take
     */
    public record Total(int tensors, long parameters, long bytes) {
        private Total plus(Entry entry) {
            return new Total(tensors + 1, parameters + entry.shape().size(), bytes + entry.bytes());
        }

        private Total plus(Total other) {
            return new Total(tensors + other.tensors, parameters + other.parameters, bytes + other.bytes);
        }
    }

    private static final Total NOTHING = new Total(0, 0, 0);

    public Inspection {
        tensors = List.copyOf(tensors);
    }

    /**
     * Inspects a safetensors file, an index of several, or the folder of a model's part.
     *
     * @throws SafetensorsException if there is none or it is malformed
     */
    public static Inspection of(Path fileOrFolder) {
        try (Arena arena = Arena.ofConfined()) {
            WeightsFile file = WeightsFile.open(fileOrFolder, arena);
            List<Entry> entries = new ArrayList<>();
            for (String name : file.weights().names()) {
                TensorInfo tensor = file.weights().info(name);
                entries.add(new Entry(name, tensor.dtype(), tensor.shape(), tensor.bytes()));
            }
            return new Inspection(file.path(), FileKind.of(file.weights()).title(), file.metadata(), entries);
        }
    }

    /** Totals by the type's name. */
    public Map<String, Total> totals() {
        Map<String, Total> totals = new TreeMap<>();
        for (Entry entry : tensors) {
            totals.put(
                    entry.dtype(), totals.getOrDefault(entry.dtype(), NOTHING).plus(entry));
        }
        return totals;
    }

    /** The total of all types. */
    public Total total() {
        return totals().values().stream().reduce(NOTHING, Total::plus);
    }
}
