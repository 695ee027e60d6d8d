package dev.aquarelle.sd.image;

import java.io.IOException;

/** A file that is no picture, a broken one, or one of a kind that is not read here. */
public final class ImageFileException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message which file, what was expected, what was found
     */
    public ImageFileException(String message) {
        super(message);
    }

    /**
     * @param message which file, what was expected, what was found
     * @param cause in what reads it
     */
    public ImageFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
