package uk.ac.manchester.tornado.api.exceptions;

/** A plan that could not be closed. */
@SuppressWarnings("serial")
public class TornadoExecutionPlanException extends Exception {
    /** With a reason. */
    public TornadoExecutionPlanException(String message) {
        super(message);
    }
}
