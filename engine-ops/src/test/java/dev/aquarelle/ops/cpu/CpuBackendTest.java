package dev.aquarelle.ops.cpu;

import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.testing.BackendContract;
import dev.aquarelle.ops.testing.TokenContract;
import org.junit.jupiter.api.AfterAll;

/** The contract, on the Vector API as wide as this machine has it. */
class CpuBackendTest extends BackendContract implements TokenContract {
    private static final Backend BACKEND = new CpuBackend(new BackendOptions(2));

    @AfterAll
    static void close() {
        BACKEND.close();
    }

    @Override
    public Backend backend() {
        return BACKEND;
    }
}
