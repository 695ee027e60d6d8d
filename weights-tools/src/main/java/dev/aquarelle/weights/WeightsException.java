package dev.aquarelle.weights;

/** A request to a weights tool that cannot be met; the message says which file, what was expected and what was found. */
public final class WeightsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message which file or folder, what was expected, what was found
     */
    public WeightsException(String message) {
        super(message);
    }
}
