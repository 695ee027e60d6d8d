package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.NormOp;

/** {@link NormOp.Softmax}; out may be x. A row that holds a NaN, plus infinity or minus infinity only becomes NaN. */
final class SoftmaxStep implements Step, Workers.Task {
    private final RowKernels kernels;
    private final int width;
    private final Operand x;
    private final Operand out;
    private final TaskSplit split;

    SoftmaxStep(RowKernels kernels, Shape shape, Operand x, Operand out) {
        this.kernels = kernels;
        this.width = shape.last();
        this.x = x;
        this.out = out;
        split = TaskSplit.of(shape.rows(), width);
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(split.tasks(), this);
    }

    @Override
    public void run(int task, int worker) {
        for (long row = split.from(task); row < split.to(task); row++) {
            long xAt = x.byteOffset() + 4L * width * row;
            long outAt = out.byteOffset() + 4L * width * row;
            float max = kernels.max(x.segment(), xAt, width);
            float sum = kernels.expSum(x.segment(), xAt, out.segment(), outAt, width, 1, max);
            kernels.scaleRow(out.segment(), outAt, width, 1 / sum);
        }
    }
}
