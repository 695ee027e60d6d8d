package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoFunctions.LibraryTask4;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task5;

/** Tasks that run one after the other on a device, and what is moved before and after them. */
public class TaskGraph {
    /** A graph without tasks. */
    public TaskGraph(String name) {}

    public <T1, T2, T3, T4, T5> TaskGraph task(
            String id, Task5<T1, T2, T3, T4, T5> code, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public <T1, T2, T3, T4> TaskGraph libraryTask(
            String id, LibraryTask4<T1, T2, T3, T4> code, T1 arg1, T2 arg2, T3 arg3, T4 arg4) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public TaskGraph transferToDevice(int mode, Object... objects) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public TaskGraph consumeFromDevice(String uniqueTaskGraphName, Object... objects) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public TaskGraph transferToHost(int mode, Object... objects) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public TaskGraph persistOnDevice(Object... objects) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }

    public ImmutableTaskGraph snapshot() {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }
}
