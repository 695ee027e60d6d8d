package dev.aquarelle.core.safetensors;

/** A weights file that is broken, cannot be read, or does not hold what a model asks for; the message says which file and which tensor. */
public final class SafetensorsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message which file, which tensor, what was expected, what was found
     */
    public SafetensorsException(String message) {
        super(message);
    }

    /**
     * @param message which file, which tensor, what was expected, what was found
     * @param cause what the operating system or the JSON reader said
     */
    public SafetensorsException(String message, Throwable cause) {
        super(message, cause);
    }
}
