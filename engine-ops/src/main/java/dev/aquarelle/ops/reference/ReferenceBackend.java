package dev.aquarelle.ops.reference;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;

/**
 * Every op as plain loops on one thread, written to be read: the oracle of the tests, and what runs where nothing else does.
 *
 * <p>Each op reads F32, computes in double and rounds its result to F32 once; sums run in the order of the indices. So a result
 * is the same on every machine, and closer to the exact one than that of any backend working in F32.
 */
public final class ReferenceBackend implements Backend {
    static final String NAME = "reference";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "plain loops in double, 1 thread";
    }

    @Override
    public Program compile(Graph graph, MemoryBudget budget, Cancellation cancellation) {
        cancellation.check();
        ReferencePlan plan = new ReferencePlan(graph);
        budget.require("the reference program", plan.memory().total());
        return new ReferenceProgram(graph, plan);
    }

    @Override
    public MemoryPlan plan(Graph graph) {
        return new ReferencePlan(graph).memory();
    }

    @Override
    public void close() {
        // holds no thread and no device
    }
}
