package dev.aquarelle.ops;

/** No backend of the wanted name, or one that cannot run on this machine. */
public final class BackendException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message which backend, what it needs, what was found
     */
    public BackendException(String message) {
        super(message);
    }
}
