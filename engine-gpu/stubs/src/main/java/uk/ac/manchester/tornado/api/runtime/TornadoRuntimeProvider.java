package uk.ac.manchester.tornado.api.runtime;

import uk.ac.manchester.tornado.api.TornadoRuntime;

/** Where the runtime is. */
public class TornadoRuntimeProvider {
    @SuppressWarnings("DoNotCallSuggester") // the real one does not throw
    public static TornadoRuntime getTornadoRuntime() {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }
}
