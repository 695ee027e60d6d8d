package dev.aquarelle.sd;

import org.jspecify.annotations.Nullable;

/** A model's folder that cannot be used: a file that is missing or broken, or an architecture the engine does not know. */
public final class ModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message which file and which part of it, what was expected, what was found
     */
    public ModelException(String message) {
        super(message);
    }

    /**
     * @param message which file and which part of it, what was expected, what was found
     * @param cause what the file system or the parser said
     */
    public ModelException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
