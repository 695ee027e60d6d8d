package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.MapOp;

/**
 * {@link MapOp.Add}, {@link MapOp.Multiply} and {@link MapOp.AddPerChannel}: an operand a [samples, positions, width] and an operand b
 * [samples, width] that is the same at all positions of a sample. Out may be a; it may be b where there is one position.
 */
final class PairwiseStep implements Step, Workers.Task {
    private enum Kind {
        ADD,
        MULTIPLY
    }

    private final MapKernels kernels;
    private final Kind kind;
    private final long positions;
    private final long width;
    private final Operand a;
    private final Operand b;
    private final Operand out;
    private final TaskSplit split;

    private PairwiseStep(
            MapKernels kernels,
            Kind kind,
            long elements,
            long positions,
            long width,
            Operand a,
            Operand b,
            Operand out) {
        this.kernels = kernels;
        this.kind = kind;
        this.positions = positions;
        this.width = width;
        this.a = a;
        this.b = b;
        this.out = out;
        split = TaskSplit.of(elements, 1);
    }

    /** {@code a + b}, b repeating over the outer axes of a. */
    static PairwiseStep add(MapKernels kernels, Shape aShape, Shape bShape, Operand a, Operand b, Operand out) {
        long elements = aShape.size();
        return new PairwiseStep(kernels, Kind.ADD, elements, repeats(aShape, bShape), bShape.size(), a, b, out);
    }

    /** {@code a * b}, b repeating over the outer axes of a. */
    static PairwiseStep multiply(MapKernels kernels, Shape aShape, Shape bShape, Operand a, Operand b, Operand out) {
        long elements = aShape.size();
        return new PairwiseStep(kernels, Kind.MULTIPLY, elements, repeats(aShape, bShape), bShape.size(), a, b, out);
    }

    /** x [N, ..., C] plus vectors [N, C]. */
    static PairwiseStep addPerChannel(MapKernels kernels, Shape xShape, Operand x, Operand vectors, Operand out) {
        long positions = xShape.size() == 0 ? 0 : xShape.rows() / xShape.dim(0);
        return new PairwiseStep(kernels, Kind.ADD, xShape.size(), positions, xShape.last(), x, vectors, out);
    }

    private static long repeats(Shape a, Shape b) {
        return b.size() == 0 ? 0 : a.size() / b.size();
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(split.tasks(), this);
    }

    @Override
    public void run(int task, int worker) {
        long to = split.to(task);
        for (long i = split.from(task); i < to; ) {
            long row = i / width;
            long column = i - row * width;
            int count = (int) Math.min(width - column, to - i);
            long bAt = b.byteOffset() + 4 * (row / positions * width + column);
            long outAt = out.byteOffset() + 4 * i;
            switch (kind) {
                case ADD ->
                    kernels.add(a.segment(), a.byteOffset() + 4 * i, b.segment(), bAt, out.segment(), outAt, count);
                case MULTIPLY ->
                    kernels.multiply(
                            a.segment(), a.byteOffset() + 4 * i, b.segment(), bAt, out.segment(), outAt, count);
            }
            i += count;
        }
    }
}
