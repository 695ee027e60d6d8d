package dev.aquarelle.weights;

import dev.aquarelle.core.safetensors.SafetensorsFile;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * All that is in a safetensors file, an index of several, or a model part's folder.
 *
 * @param path the file; of a folder, the one found in it
 * @param metadata free text of the header; empty for an index
 * @param weights by name, in the file's order, mapped
 */
record WeightsFile(Path path, Map<String, String> metadata, Weights weights) {
    /**
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if there is none or it is malformed
     */
    static WeightsFile open(Path fileOrFolder, Arena arena) {
        Weights weights = Weights.open(fileOrFolder, arena);
        Path path = Path.of(weights.where());
        boolean index = path.toString().endsWith(".json");
        return new WeightsFile(
                path, index ? Map.of() : SafetensorsFile.open(path, arena).metadata(), weights);
    }

    /**
     * All tensors by name, in the file's order.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if the type of one is none that can be read
     */
    Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        weights.names().forEach(name -> tensors.put(name, weights.get(name)));
        return tensors;
    }
}
