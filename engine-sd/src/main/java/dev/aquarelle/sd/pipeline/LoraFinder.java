package dev.aquarelle.sd.pipeline;

import java.nio.file.Path;

/** Finds LoRAs that prompts call by name. */
@FunctionalInterface
public interface LoraFinder {

    /**
     * The file of a name.
     *
     * @param name without {@code .safetensors}; not trusted
     * @throws IllegalArgumentException if there is none, or more than one; says which there are
     */
    Path find(String name);
}
