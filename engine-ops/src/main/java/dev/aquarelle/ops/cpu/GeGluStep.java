package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.MapOp;

/** {@link MapOp.GeGlu}; out must not overlap x. */
final class GeGluStep implements Step, Workers.Task {
    private final MapKernels kernels;
    private final int width;
    private final Operand x;
    private final Operand out;
    private final TaskSplit split;

    /**
     * @param shape of the result
     */
    GeGluStep(MapKernels kernels, Shape shape, Operand x, Operand out) {
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
            long value = x.byteOffset() + 8L * width * row;
            long gate = value + 4L * width;
            kernels.geGlu(x.segment(), value, gate, out.segment(), out.byteOffset() + 4L * width * row, width);
        }
    }
}
