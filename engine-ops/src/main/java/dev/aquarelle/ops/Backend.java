package dev.aquarelle.ops;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.graph.Graph;
import java.util.List;

/** Something that runs graphs. Found by {@link Backends}, chosen once where a pipeline is built, and handed down as an argument. */
public interface Backend extends AutoCloseable {

    /** Its name as a user types it: {@code cpu}. */
    String name();

    /** One line on what it runs on: threads, vector width, device. */
    String description();

    /**
     * Makes a graph ready to run.
     *
     * @param budget what the program may take beyond the mapped weights
     * @param cancellation asked meanwhile: large memory takes a second to make
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if it would take more; nothing has been allocated then
     * @throws java.util.concurrent.CancellationException if stopped; what was allocated is freed at once, or before the next program is made
     */
    Program compile(Graph graph, MemoryBudget budget, Cancellation cancellation);

    /** {@link #compile(Graph, MemoryBudget, Cancellation)}, not to be stopped. */
    default Program compile(Graph graph, MemoryBudget budget) {
        return compile(graph, budget, Cancellation.NEVER);
    }

    /** {@link #compile(Graph, MemoryBudget)} without a limit. */
    default Program compile(Graph graph) {
        return compile(graph, MemoryBudget.UNLIMITED);
    }

    /**
     * What a program of the graph would take without a limit. A backend that can tell makes none; otherwise one is made and closed again.
     *
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if it is more than any machine has
     */
    default MemoryPlan plan(Graph graph) {
        try (Program program = compile(graph)) {
            return program.memory();
        }
    }

    /**
     * The same by a given number of threads, so that it does not depend on the machine's; for backends whose memory does not depend on
     * threads, what {@link #plan(Graph)} says.
     *
     * @param threads 1 or more
     */
    default MemoryPlan plan(Graph graph, int threads) {
        return plan(graph);
    }

    /** Ends its threads or gives back its device; programs made by it must be closed before. */
    @Override
    void close();

    /** How a backend announces itself to {@link java.util.ServiceLoader}. */
    interface Provider {

        /** The backend's name as a user types it. */
        String name();

        /** Backends with a higher rank are tried first when the user asks for none by name. */
        int rank();

        /**
         * Opens it.
         *
         * @throws BackendException if this machine lacks what it needs; the message says what
         */
        Backend open(BackendOptions options);

        /**
         * What it can run on, if a user can choose.
         *
         * @throws BackendException if this machine lacks what it needs; the message says what
         */
        default List<BackendDevice> devices() {
            return List.of();
        }
    }
}
