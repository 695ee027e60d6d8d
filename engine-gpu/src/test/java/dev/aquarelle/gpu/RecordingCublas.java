package dev.aquarelle.gpu;

import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/** Takes cuBLAS's place on devices that have none; keeps what it is called with and computes nothing. */
public final class RecordingCublas implements TornadoLibraryProvider {
    static final List<LibraryInvocation> CALLS = new ArrayList<>();
    static final List<String> CONTEXTS = new ArrayList<>();

    /** Called by {@link java.util.ServiceLoader}. */
    public RecordingCublas() {}

    private record Context() implements LibraryContext {}

    @Override
    public String libraryName() {
        return "nvidia/cublas";
    }

    @Override
    public boolean canHandle(TornadoXPUDevice device) {
        return true;
    }

    @Override
    public LibraryContext createContext(TornadoXPUDevice device, long executionPlanId) {
        CONTEXTS.add("created");
        return new Context();
    }

    @Override
    public void dispatch(String functionName, LibraryInvocation call) {
        if (!functionName.equals("cublasSgemmStridedBatched") || !(call.getContext() instanceof Context)) {
            throw new IllegalArgumentException(functionName);
        }
        CALLS.add(call);
    }

    @Override
    public void destroyContext(LibraryContext context) {
        CONTEXTS.add("destroyed");
    }
}
