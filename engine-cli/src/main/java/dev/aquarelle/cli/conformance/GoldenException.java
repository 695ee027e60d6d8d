package dev.aquarelle.cli.conformance;

/** A golden folder, its manifest or one of its cases that is not as its README says. */
public final class GoldenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message which file, what was expected, what was found
     */
    public GoldenException(String message) {
        super(message);
    }

    /**
     * @param message which file, what was expected, what was found
     * @param cause what the operating system or the JSON reader said
     */
    public GoldenException(String message, Throwable cause) {
        super(message, cause);
    }
}
