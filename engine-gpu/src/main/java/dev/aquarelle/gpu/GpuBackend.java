package dev.aquarelle.gpu;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.gpu.plan.Device;
import dev.aquarelle.gpu.plan.GpuCompiler;
import dev.aquarelle.gpu.plan.TornadoGpu;
import dev.aquarelle.gpu.plan.TornadoSettings;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendDevice;
import dev.aquarelle.ops.BackendException;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.stream.Collectors;

/** Graphs on a device. */
public final class GpuBackend implements Backend {
    private static final Logger LOG = System.getLogger(GpuBackend.class.getName());

    private final Device device;

    GpuBackend(Device device) {
        this.device = device;
    }

    @Override
    public String name() {
        return "gpu";
    }

    @Override
    public String description() {
        return device.description();
    }

    @Override
    public Program compile(Graph graph, MemoryBudget budget, Cancellation cancellation) {
        return GpuCompiler.compile(graph, device, budget, cancellation);
    }

    @Override
    public MemoryPlan plan(Graph graph) {
        return GpuCompiler.plan(graph, device);
    }

    @Override
    public void close() {
        device.close();
    }

    /** Whether a device computes rightly with its library; if not, the log says why, and kernels of ours do without. */
    static boolean works(Device withLibrary) {
        try {
            SelfTest.run(new GpuBackend(withLibrary));
            return true;
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "gpu: products are computed without cuBLAS: {0}", e.getMessage());
            return false;
        }
    }

    /** Announces the backend to {@link java.util.ServiceLoader}; where there is no TornadoVM, nothing of it is touched. */
    public static final class Provider implements Backend.Provider {

        /** Called by {@link java.util.ServiceLoader}. */
        public Provider() {}

        @Override
        public String name() {
            return "gpu";
        }

        @Override
        public int rank() {
            return 20;
        }

        /** The device asked for, or else the first one that is no processor, once it has proved that it computes rightly. */
        @Override
        public Backend open(BackendOptions options) {
            TornadoSettings.require();
            List<TornadoGpu> devices = TornadoGpu.all();
            TornadoGpu device = devices.stream()
                    .filter(d -> options.device().isEmpty() ? d.isAccelerator() : d.id().equals(options.device()))
                    .findFirst()
                    .orElseThrow(() -> new BackendException("no %s, TornadoVM has %s"
                            .formatted(
                                    options.device().isEmpty()
                                            ? "device that is no processor"
                                            : "device " + options.device(),
                                    devices.isEmpty()
                                            ? "none"
                                            : devices.stream()
                                                    .map(TornadoGpu::description)
                                                    .collect(Collectors.joining("; ")))));
            SelfTest.run(new GpuBackend(device.proved()));
            if (device.isCuda() && works(device.withLibrary().proved())) {
                return new GpuBackend(device.withLibrary());
            }
            return new GpuBackend(device);
        }

        @Override
        public List<BackendDevice> devices() {
            TornadoSettings.require();
            return TornadoGpu.all().stream()
                    .map(device -> new BackendDevice(device.id(), device.description(), device.isAccelerator()))
                    .toList();
        }
    }
}
