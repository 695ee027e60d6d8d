package dev.aquarelle.gpu;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.gpu.plan.Device;
import dev.aquarelle.gpu.plan.GpuCompiler;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;

/** Graphs on a device. */
final class GpuBackend implements Backend {
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
    public Program compile(Graph graph, MemoryBudget budget) {
        return GpuCompiler.compile(graph, device, budget);
    }

    @Override
    public void close() {
        device.close();
    }
}
