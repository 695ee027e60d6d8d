package uk.ac.manchester.tornado.runtime.library;

import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/** The libraries that are there. */
public final class LibraryRegistry {
    private LibraryRegistry() {}

    @SuppressWarnings("DoNotCallSuggester") // the real one does not throw
    public static TornadoLibraryProvider findProvider(String libraryName, TornadoXPUDevice device) {
        throw new UnsupportedOperationException("TornadoVM is not here, only the outline of its API");
    }
}
