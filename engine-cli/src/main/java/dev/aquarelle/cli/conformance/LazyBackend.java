package dev.aquarelle.cli.conformance;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A backend that is opened when the first graph comes: many cases need none. */
final class LazyBackend implements Backend {
    private final String name;
    private final Supplier<Backend> opener;
    private @Nullable Backend opened;

    LazyBackend(String name, Supplier<Backend> opener) {
        this.name = name;
        this.opener = opener;
    }

    @Override
    public String name() {
        Backend backend = opened;
        return backend == null ? name : backend.name();
    }

    @Override
    public String description() {
        return open().description();
    }

    @Override
    public Program compile(Graph graph, MemoryBudget budget, Cancellation cancellation) {
        return open().compile(graph, budget, cancellation);
    }

    @Override
    public MemoryPlan plan(Graph graph) {
        return open().plan(graph);
    }

    @Override
    public MemoryPlan plan(Graph graph, int threads) {
        return open().plan(graph, threads);
    }

    @Override
    public synchronized void close() {
        Backend backend = opened;
        if (backend != null) {
            backend.close();
            opened = null;
        }
    }

    private synchronized Backend open() {
        Backend backend = opened;
        if (backend == null) {
            backend = opener.get();
            opened = backend;
        }
        return backend;
    }
}
