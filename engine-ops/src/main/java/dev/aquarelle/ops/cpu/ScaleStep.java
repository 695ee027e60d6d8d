package dev.aquarelle.ops.cpu;

import dev.aquarelle.ops.graph.MapOp;

/** {@link MapOp.Scale}; out may be x. */
final class ScaleStep implements Step, Workers.Task {
    private final MapKernels kernels;
    private final MapOp.Scale op;
    private final Operand x;
    private final Operand out;
    private final TaskSplit split;

    ScaleStep(MapKernels kernels, MapOp.Scale op, long elements, Operand x, Operand out) {
        this.kernels = kernels;
        this.op = op;
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
        long at = 4 * from;
        int count = (int) (split.to(task) - from);
        kernels.scale(
                x.segment(),
                x.byteOffset() + at,
                out.segment(),
                out.byteOffset() + at,
                count,
                op.factor(),
                op.offset());
    }
}
