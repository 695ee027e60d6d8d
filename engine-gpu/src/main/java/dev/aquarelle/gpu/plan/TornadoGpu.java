package dev.aquarelle.gpu.plan;

import dev.aquarelle.ops.BackendException;
import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A device that TornadoVM knows. Nothing but {@link #all} may be called before it is known that TornadoVM is there.
 *
 * @param id the number of its driver and its own, {@code 0:1}
 * @param isProved whether each stage must prove that it ran there, which takes time
 * @param hasLibrary whether products are computed by cuBLAS
 */
public record TornadoGpu(String id, TornadoDevice device, boolean isProved, boolean hasLibrary) implements Device {

    /**
     * What there is, in TornadoVM's order.
     *
     * @throws BackendException if TornadoVM does not start
     */
    public static List<TornadoGpu> all() {
        List<TornadoGpu> devices = new ArrayList<>();
        try {
            TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
            for (int i = 0; i < runtime.getNumBackends(); i++) {
                TornadoBackend backend = runtime.getBackend(i);
                for (int j = 0; j < backend.getNumDevices(); j++) {
                    devices.add(new TornadoGpu(i + ":" + j, backend.getDevice(j), false, false));
                }
            }
        } catch (RuntimeException | LinkageError e) {
            String hint =
                    "; is it the one for JDK " + Runtime.version().feature() + ", started with its argument file?";
            throw (BackendException) new BackendException("TornadoVM does not start: " + e + hint).initCause(e);
        }
        return devices;
    }

    /** Whether it is faster than the processor, and so used when none is asked for. */
    public boolean isAccelerator() {
        return device.getDeviceType() == TornadoDeviceType.GPU
                || device.getDeviceType() == TornadoDeviceType.ACCELERATOR;
    }

    /** The same device, whose stages must prove that they ran there. */
    public TornadoGpu proved() {
        return new TornadoGpu(id, device, true, hasLibrary);
    }

    /** Whether TornadoVM may have a library for it: it calls libraries on CUDA devices alone. */
    public boolean isCuda() {
        return device.getTornadoVMBackend() == TornadoVMBackendType.CUDA;
    }

    /** The same device, with its library. */
    public TornadoGpu withLibrary() {
        return new TornadoGpu(id, device, isProved, true);
    }

    @Override
    public String description() {
        return "%s %s, %s, %.1f GB%s"
                .formatted(
                        id,
                        device.getDescription().strip(),
                        device.getPlatformName().strip(),
                        memory() / 1e9,
                        hasLibrary ? ", products by cuBLAS" : "");
    }

    /** What TornadoVM takes of the device: a limit of its own, 4 GB if nothing is said. */
    @Override
    public long memory() {
        return Math.min(device.getMaxGlobalMemory(), TornadoSettings.deviceMemory());
    }

    @Override
    public long largestArray() {
        return device.getMaxAllocMemory();
    }

    @Override
    public Run prepare(List<Stage> stages, FloatArray x) {
        return new TornadoPlan(this, stages, x);
    }

    @Override
    public void close() {}
}
