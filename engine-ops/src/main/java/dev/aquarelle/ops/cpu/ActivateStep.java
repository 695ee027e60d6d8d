package dev.aquarelle.ops.cpu;

import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.MapOp;

/** {@link MapOp.Activate}; out may be x. */
final class ActivateStep implements Step, Workers.Task {
    private final MapKernels kernels;
    private final Activation function;
    private final Operand x;
    private final Operand out;
    private final TaskSplit split;

    ActivateStep(MapKernels kernels, Activation function, long elements, Operand x, Operand out) {
        this.kernels = kernels;
        this.function = function;
        this.x = x;
        this.out = out;
        split = TaskSplit.of(elements, 1);
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(split.tasks(), this);
    }

    @Override
    public void run(int task, int worker) {
        long from = split.from(task);
        int count = (int) (split.to(task) - from);
        kernels.activate(
                function, x.segment(), x.byteOffset() + 4 * from, out.segment(), out.byteOffset() + 4 * from, count);
    }
}
