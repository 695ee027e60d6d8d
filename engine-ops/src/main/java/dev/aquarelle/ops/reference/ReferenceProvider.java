package dev.aquarelle.ops.reference;

import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;

/** Announces the {@link ReferenceBackend}: it runs everywhere, and every other backend is preferred to it. */
public final class ReferenceProvider implements Backend.Provider {
    @Override
    public String name() {
        return ReferenceBackend.NAME;
    }

    @Override
    public int rank() {
        return Integer.MIN_VALUE;
    }

    /** Opens it; it has one thread, whatever the options say. */
    @Override
    public Backend open(BackendOptions options) {
        options.requireNoDevice(name());
        return new ReferenceBackend();
    }
}
