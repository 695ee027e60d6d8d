package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A model with some of its parts from elsewhere: another autoencoder, say.
 *
 * @param base the model
 * @param folders the folder of each other part, in the layout of diffusers
 */
public record ReplacedParts(ModelSource base, Map<String, Path> folders) implements SourceOver {

    /** Copies the map. */
    public ReplacedParts {
        folders = Map.copyOf(folders);
    }

    @Override
    public boolean has(String part) {
        return folders.containsKey(part) || base.has(part);
    }

    @Override
    public String where(String part) {
        Path folder = folders.get(part);
        return folder == null ? base.where(part) : folder.toString();
    }

    @Override
    public ModelConfig config(String part) {
        Path folder = folders.get(part);
        return folder == null ? base.config(part) : ModelConfig.read(folder.resolve("config.json"));
    }

    @Override
    public Weights weights(String part, Arena arena) {
        Path folder = folders.get(part);
        return folder == null ? base.weights(part, arena) : Weights.open(folder, arena);
    }

    @Override
    public ClipTokenizer tokenizer(String part) {
        Path folder = folders.get(part);
        return folder == null ? base.tokenizer(part) : ClipTokenizer.load(folder);
    }

    @Override
    public SchedulerConfig scheduler() {
        Path folder = folders.get("scheduler");
        return folder == null ? base.scheduler() : SchedulerConfig.read(folder);
    }

    @Override
    public void putInto(SequencedMap<String, String> values, FileHashes hashes) {
        base.putInto(values, hashes);
        Path vae = folders.get("vae");
        if (vae != null) {
            VaeFile.put(values, vae, hashes);
        }
    }
}
