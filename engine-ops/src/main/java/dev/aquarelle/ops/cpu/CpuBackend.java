package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;

/**
 * Graphs on the processor's vector units. The result has the same bits for every number of threads and every width of vectors, for a
 * sample alone and in a batch; only a NaN may be another NaN.
 */
public final class CpuBackend implements Backend {
    private final Kernels kernels;
    private final Workers workers;
    private final Buffers buffers;
    private final Slabs slabs = new Slabs();

    /**
     * With vectors as wide as the machine has them, or as {@code -Daquarelle.vectorBits} says.
     *
     * @throws dev.aquarelle.ops.BackendException if that is no width that there is
     */
    public CpuBackend(BackendOptions options) {
        this(options, Kernels.load());
    }

    CpuBackend(BackendOptions options, Kernels kernels) {
        this.kernels = kernels;
        this.workers = new Workers(options.resolvedThreads());
        this.buffers = new Buffers(workers);
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String description() {
        String vectors = kernels.vectorBits() == 0 ? "no vectors" : kernels.vectorBits() + "-bit vectors";
        return workers.threads() + (workers.threads() == 1 ? " thread, " : " threads, ") + vectors;
    }

    @Override
    public Program compile(Graph graph, MemoryBudget budget, Cancellation cancellation) {
        return new CpuCompiler(graph).compile(kernels, workers, buffers, slabs, budget, cancellation);
    }

    @Override
    public MemoryPlan plan(Graph graph) {
        return plan(graph, workers.threads());
    }

    @Override
    public MemoryPlan plan(Graph graph, int threads) {
        return new CpuCompiler(graph).plan(threads, MemoryBudget.UNLIMITED);
    }

    @Override
    public void close() {
        workers.close();
    }

    /** Announces the backend to {@link java.util.ServiceLoader}. */
    public static final class Provider implements Backend.Provider {

        /** Called by {@link java.util.ServiceLoader}. */
        public Provider() {}

        @Override
        public String name() {
            return "cpu";
        }

        @Override
        public int rank() {
            return 10;
        }

        @Override
        public Backend open(BackendOptions options) {
            options.requireNoDevice(name());
            return new CpuBackend(options);
        }
    }
}
