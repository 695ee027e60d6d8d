package dev.aquarelle.sd;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.checkpoint.FileHashes;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A model in memory.
 *
 * @param tensors by part
 * @param configs of the parts that have one, JSON
 * @param tokenizer of all its text encoders
 */
public record TinySource(
        Map<String, Map<String, Tensor>> tensors, Map<String, String> configs, Map<String, ClipTokenizer> tokenizer)
        implements ModelSource {

    /** One without texts. */
    public static TinySource of(Map<String, Map<String, Tensor>> tensors) {
        return new TinySource(tensors, Map.of(), Map.of());
    }

    @Override
    public String name() {
        return "tiny";
    }

    @Override
    public boolean has(String part) {
        return tensors.containsKey(part);
    }

    @Override
    public String where(String part) {
        return "tiny/" + part;
    }

    @Override
    public ModelConfig config(String part) {
        return ModelConfig.parse(where(part), configs.getOrDefault(part, "{}"));
    }

    @Override
    public Weights weights(String part, Arena arena) {
        return Weights.of(where(part), tensors.getOrDefault(part, Map.of()));
    }

    @Override
    public ClipTokenizer tokenizer(String part) {
        return tokenizer.get(part);
    }

    @Override
    public SchedulerConfig scheduler() {
        throw new UnsupportedOperationException();
    }

    @Override
    public ModelConfig index() {
        return ModelConfig.parse("index", "{}");
    }

    @Override
    public ModelConfig generation() {
        return index();
    }

    @Override
    public void putInto(SequencedMap<String, String> values, FileHashes hashes) {}
}
