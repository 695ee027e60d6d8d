package dev.aquarelle.gpu;

import dev.aquarelle.gpu.emulator.EmulatedDevice;
import dev.aquarelle.ops.Backend;

/** The first tier: the kernels on emulated work items, against the reference backend. */
final class EmulatedBackendTest extends GpuContract {
    private static final Backend BACKEND = new GpuBackend(new EmulatedDevice());

    @Override
    public Backend backend() {
        return BACKEND;
    }
}
