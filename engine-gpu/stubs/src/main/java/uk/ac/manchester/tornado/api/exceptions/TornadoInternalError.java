package uk.ac.manchester.tornado.api.exceptions;

/** What a compiler of TornadoVM cannot do. */
@SuppressWarnings("serial")
public class TornadoInternalError extends Error {
    /** With a reason. */
    public TornadoInternalError(String cause) {
        super(cause);
    }
}
