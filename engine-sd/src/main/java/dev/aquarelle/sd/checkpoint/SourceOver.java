package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import java.lang.foreign.Arena;
import java.util.SequencedMap;

/** A model that is another one but for what is overridden. */
public interface SourceOver extends ModelSource {

    /** The other model. */
    ModelSource base();

    @Override
    default String name() {
        return base().name();
    }

    @Override
    default boolean has(String part) {
        return base().has(part);
    }

    @Override
    default String where(String part) {
        return base().where(part);
    }

    @Override
    default ModelConfig config(String part) {
        return base().config(part);
    }

    @Override
    default Weights weights(String part, Arena arena) {
        return base().weights(part, arena);
    }

    @Override
    default long copies() {
        return base().copies();
    }

    @Override
    default ClipTokenizer tokenizer(String part) {
        return base().tokenizer(part);
    }

    @Override
    default SchedulerConfig scheduler() {
        return base().scheduler();
    }

    @Override
    default ModelConfig index() {
        return base().index();
    }

    @Override
    default ModelConfig generation() {
        return base().generation();
    }

    @Override
    default void putInto(SequencedMap<String, String> values, FileHashes hashes) {
        base().putInto(values, hashes);
    }
}
