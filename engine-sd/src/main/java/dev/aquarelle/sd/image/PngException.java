package dev.aquarelle.sd.image;

import java.io.IOException;

/** A file that is no PNG, a broken one, or one of a kind that is not read here. */
public final class PngException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message which file, what was expected, what was found
     */
    public PngException(String message) {
        super(message);
    }
}
