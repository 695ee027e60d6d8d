package dev.aquarelle.bench;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * A kernel on a backend of the engine. A run copies the inputs that changed into the program, which a model does once for all of its
 * operations; so the program computes the kernel several times, and the copy hardly counts.
 */
final class EngineRunner implements KernelRunner {
    private final Kernel kernel;
    private final List<Tensor> operands;
    private final Backend backend;
    private final Program program;
    private final Tensor[][] inputs = new Tensor[2][];
    private int runs;

    EngineRunner(String backend, Kernel kernel, List<Tensor> operands, int threads) {
        this.kernel = kernel;
        this.operands = operands;
        this.backend = Backends.open(backend, new BackendOptions(threads));
        this.program = this.backend.compile(Graph.build(this::repeated));
        inputs[0] = given(operands);
        inputs[1] = inputs[0].clone();
        inputs[1][0] = Operands.otherFirst(kernel);
    }

    /** Of each result one number is an output, so that it is needed, and its memory free for the next one. */
    private void repeated(Graph g) {
        Value[] values = declare(g, kernel, operands);
        for (int i = 0; i < REPEATS; i++) {
            Value result = kernel.apply(g, values);
            Value flat = g.reshape(result, Math.toIntExact(result.shape().size()));
            g.output("out" + i, g.slice(flat, 0, 0, 1));
        }
    }

    private static Value[] declare(Graph g, Kernel kernel, List<Tensor> operands) {
        List<Value> values = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            Tensor operand = operands.get(i);
            values.add(
                    kernel.operands().get(i).isWeight()
                            ? g.constant("w" + i, operand)
                            : g.input("x" + i, operand.shape().dims()));
        }
        return values.toArray(Value[]::new);
    }

    private Tensor[] given(List<Tensor> all) {
        return program.graph().inputs().stream()
                .map(input -> all.get(
                        Integer.parseInt(((SourceOp.Input) input.op()).name().substring(1))))
                .toArray(Tensor[]::new);
    }

    @Override
    public void run() {
        Tensor _ = program.run(inputs[runs++ & 1]);
    }

    @Override
    public float[] result() {
        try (Program once = backend.compile(Graph.of(g -> kernel.apply(g, declare(g, kernel, operands))))) {
            return once.run(given(operands)).toFloatArray();
        }
    }

    @Override
    public void close() {
        try (backend) {
            program.close();
        }
    }
}
