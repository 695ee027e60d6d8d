package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.ResizeOp;
import java.lang.foreign.MemorySegment;

/** {@link ResizeOp.UpsampleNearest}; out must not overlap x. */
final class UpsampleNearestStep implements Step, Workers.Task {
    private final Shape shape;
    private final Shape result;
    private final Operand x;
    private final Operand out;
    private final TaskSplit split;

    UpsampleNearestStep(Shape shape, Shape result, Operand x, Operand out) {
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
        int height = result.dim(1);
        int width = result.dim(2);
        long pixelBytes = 4L * result.last();
        for (long row = split.from(task); row < split.to(task); row++) {
            long sourceRow = row / height * shape.dim(1) + row % height * shape.dim(1) / height;
            long from = x.byteOffset() + sourceRow * shape.dim(2) * pixelBytes;
            long to = out.byteOffset() + row * width * pixelBytes;
            for (int column = 0; column < width; column++) {
                long pixel = (long) column * shape.dim(2) / width;
                MemorySegment.copy(
                        x.segment(), from + pixel * pixelBytes, out.segment(), to + column * pixelBytes, pixelBytes);
            }
        }
    }
}
