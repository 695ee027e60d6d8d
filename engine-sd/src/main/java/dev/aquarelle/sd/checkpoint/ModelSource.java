package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SequencedMap;

/**
 * A model's parts by the names that diffusers gives them: {@code unet}, {@code vae}, {@code text_encoder}, {@code tokenizer} and, in SDXL,
 * {@code text_encoder_2} and {@code tokenizer_2}. Tensors have diffusers' names and shapes too.
 */
public interface ModelSource {
    /** What parameters call the hash of a model, as the web UI does. */
    String MODEL_HASH = "Model hash";

    /** How many digits of a hash parameters show, as the web UI does. */
    int SHOWN_DIGITS = 10;

    /**
     * A model's folder or its one file, whichever is there.
     *
     * @throws dev.aquarelle.sd.ModelException if it is no model of this family; says what it is
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if it is a malformed safetensors file
     */
    static ModelSource open(Path path) {
        return Files.isRegularFile(path) ? SingleFile.open(path) : ModelFolder.open(path);
    }

    /** What a picture's parameters call the model. */
    String name();

    /** Whether the model has a part of this name. */
    boolean has(String part);

    /** How messages call the place of a part. */
    String where(String part);

    /**
     * The sizes of a part.
     *
     * @throws dev.aquarelle.sd.ModelException if they are missing or broken
     */
    ModelConfig config(String part);

    /**
     * The tensors of a part.
     *
     * @param arena what the mapped tensors live with
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a file is missing or broken
     */
    Weights weights(String part, Arena arena);

    /** Bytes of tensors that {@link #weights} makes of all parts, in the place of those in files or beside them; what is mapped is not counted. */
    default long copies() {
        return 0;
    }

    /**
     * What makes tokens of a prompt.
     *
     * @param part {@code tokenizer} or {@code tokenizer_2}
     * @throws dev.aquarelle.sd.ModelException if a file is missing or broken
     */
    ClipTokenizer tokenizer(String part);

    /**
     * The noise schedule that the model was trained with, and the sampler that its makers propose.
     *
     * @throws dev.aquarelle.sd.schedulers.SchedulerException if it is missing or broken
     */
    SchedulerConfig scheduler();

    /** What diffusers' {@code model_index.json} says of the whole: {@code force_zeros_for_empty_prompt} and the like. */
    ModelConfig index();

    /** What the model makes best when nobody says anything: the fields of a {@code generation_config.json}, maybe none. */
    ModelConfig generation();

    /**
     * Adds what the parameters of a picture say of the model beside its name: hashes of its files, and what was put in place of parts of it.
     *
     * @param values by the web UI's names
     */
    void putInto(SequencedMap<String, String> values, FileHashes hashes);
}
