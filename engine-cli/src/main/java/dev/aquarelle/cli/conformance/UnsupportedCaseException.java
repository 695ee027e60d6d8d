package dev.aquarelle.cli.conformance;

/** A golden case asks for something the engine does not do yet; the message says what. */
public final class UnsupportedCaseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param reason what is not there, as the report shows it: {@code "SDXL U-Nets"}
     */
    public UnsupportedCaseException(String reason) {
        super(reason);
    }
}
