package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;
import java.nio.file.Path;

/** Finds on this machine what the parameters of a picture name. */
public interface ReplayFiles {

    /**
     * A LoRA, a ControlNet or the like.
     *
     * @param what it is, for messages
     * @param name of the file without {@code .safetensors}, or of the folder
     * @throws IllegalArgumentException if there is none
     */
    Path file(String what, String name);

    /**
     * A picture that another one was made from.
     *
     * @param what it is, for messages
     * @param sha256 the beginning of {@link Image#sha256}
     * @throws IllegalArgumentException if there is none
     */
    Image picture(String what, String sha256);
}
