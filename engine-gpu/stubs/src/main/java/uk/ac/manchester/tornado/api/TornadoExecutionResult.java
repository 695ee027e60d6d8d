package uk.ac.manchester.tornado.api;

/** What an execution gave. */
public class TornadoExecutionResult {
    public TornadoProfilerResult getProfilerResult() {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }
}
