package dev.aquarelle.core.tensor;

/** A shape, a type or an amount of memory that does not fit what an operation or a model asks for. */
public final class TensorException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message who failed, what was expected, what was found, where
     */
    public TensorException(String message) {
        super(message);
    }
}
