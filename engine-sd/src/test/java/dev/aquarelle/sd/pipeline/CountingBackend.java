package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import java.util.function.Consumer;

/** A real backend, which counts the programs that it made, their memory and their runs. */
final class CountingBackend implements Backend {
    private final Backend backend;
    Consumer<Tensor> beforeRun = _ -> {};
    int runs;
    int compiled;
    int open;
    long bytes;
    long mostBytes;
    boolean closed;

    CountingBackend(String name) {
        this.backend = Backends.open(name, BackendOptions.DEFAULT);
    }

    @Override
    public String name() {
        return backend.name();
    }

    @Override
    public String description() {
        return backend.description();
    }

    @Override
    public Program compile(Graph graph, MemoryBudget budget, Cancellation cancellation) {
        Program program = new CountingProgram(backend.compile(graph, budget, cancellation));
        compiled++;
        open++;
        bytes += program.memory().total();
        mostBytes = Math.max(mostBytes, bytes);
        return program;
    }

    @Override
    public MemoryPlan plan(Graph graph) {
        return backend.plan(graph);
    }

    @Override
    public MemoryPlan plan(Graph graph, int threads) {
        return backend.plan(graph, threads);
    }

    @Override
    public void close() {
        closed = true;
        backend.close();
    }

    private final class CountingProgram implements Program {
        private final Program program;

        CountingProgram(Program program) {
            this.program = program;
        }

        @Override
        public Graph graph() {
            return program.graph();
        }

        @Override
        public MemoryPlan memory() {
            return program.memory();
        }

        @Override
        public Tensor run(Cancellation cancellation, Tensor... inputs) {
            runs++;
            beforeRun.accept(inputs[0]);
            return program.run(cancellation, inputs);
        }

        @Override
        public Tensor output(String name) {
            return program.output(name);
        }

        @Override
        public void close() {
            open--;
            bytes -= memory().total();
            program.close();
        }
    }
}
