package dev.aquarelle.sd.schedulers;

import org.jspecify.annotations.Nullable;

/** A scheduler's configuration, or a request to it, that cannot be honoured: which one, what was expected, what was found. */
public final class SchedulerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message which scheduler or file and which option, what was expected, what was found
     */
    public SchedulerException(String message) {
        super(message);
    }

    /**
     * @param message which scheduler or file and which option, what was expected, what was found
     * @param cause what the file system or the parser said
     */
    public SchedulerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
