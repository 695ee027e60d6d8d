package uk.ac.manchester.tornado.api;

/** Measured times of a run, in nanoseconds. */
public class TornadoProfilerResult {
    public long getDeviceKernelTime() {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }
}
