package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.ResizeOp;

/** {@link ResizeOp.AveragePool2}; out must not overlap x. */
final class AveragePool2Step implements Step, Workers.Task {
    private final MapKernels kernels;
    private final Shape shape;
    private final Shape result;
    private final Operand x;
    private final Operand out;
    private final TaskSplit split;

    AveragePool2Step(MapKernels kernels, Shape shape, Shape result, Operand x, Operand out) {
        this.kernels = kernels;
        this.shape = shape;
        this.result = result;
        this.x = x;
        this.out = out;
        long rows = result.size() == 0 ? 0 : (long) result.dim(0) * result.dim(1);
        split = TaskSplit.of(rows, (long) result.dim(2) * result.last());
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(split.tasks(), this);
    }

    @Override
    public void run(int task, int worker) {
        int channels = result.last();
        long right = 4L * channels;
        long below = right * shape.dim(2);
        for (long row = split.from(task); row < split.to(task); row++) {
            long sourceRow = row / result.dim(1) * shape.dim(1) + row % result.dim(1) * 2;
            long from = x.byteOffset() + sourceRow * below;
            long to = out.byteOffset() + row * result.dim(2) * right;
            for (int column = 0; column < result.dim(2); column++) {
                long at = from + 2L * column * right;
                kernels.average(
                        x.segment(),
                        at,
                        at + right,
                        at + below,
                        at + below + right,
                        out.segment(),
                        to + column * right,
                        channels);
            }
        }
    }
}
