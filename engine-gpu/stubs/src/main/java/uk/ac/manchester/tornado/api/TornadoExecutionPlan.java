package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;

/** Runs graphs. */
public class TornadoExecutionPlan implements AutoCloseable {
    /** A plan of these graphs. */
    public TornadoExecutionPlan(ImmutableTaskGraph... immutableTaskGraphs) {}

    public TornadoExecutionResult execute() {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public TornadoExecutionPlan withGraph(int graphIndex) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public TornadoExecutionPlan withAllGraphs() {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public TornadoExecutionPlan withDevice(TornadoDevice device) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public TornadoExecutionPlan withGridScheduler(GridScheduler gridScheduler) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public TornadoExecutionPlan withProfiler(ProfilerMode profilerMode) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public TornadoExecutionPlan withCompilerFlags(TornadoVMBackendType backend, String compilerFlags) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public TornadoExecutionPlan freeDeviceMemory() {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    @Override
    public void close() throws TornadoExecutionPlanException {}
}
