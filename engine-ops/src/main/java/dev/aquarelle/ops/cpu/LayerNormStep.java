package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.Scalars.get;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.NormOp;
import org.jspecify.annotations.Nullable;

/**
 * {@link NormOp.LayerNorm}; out may be x. Mean and variance are taken of differences, first from the row's first element and then from the
 * mean rounded to a float, so that a mean far larger than the deviation costs no digits.
 */
final class LayerNormStep implements Step, Workers.Task {
    private final NormKernels kernels;
    private final NormOp.LayerNorm op;
    private final int width;
    private final Operand x;
    private final @Nullable Operand weight;
    private final @Nullable Operand bias;
    private final Operand out;
    private final TaskSplit split;

    /**
     * @param weight null for none; then bias is null too
     */
    LayerNormStep(
            NormKernels kernels,
            NormOp.LayerNorm op,
            Shape shape,
            Operand x,
            @Nullable Operand weight,
            @Nullable Operand bias,
            Operand out) {
        this.kernels = kernels;
        this.op = op;
        this.width = shape.last();
        this.x = x;
        this.weight = weight;
        this.bias = bias;
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
            normalize(x.byteOffset() + 4L * width * row, out.byteOffset() + 4L * width * row);
        }
    }

    private void normalize(long xAt, long outAt) {
        float first = get(x.segment(), xAt);
        double mean = first + (double) kernels.sum(x.segment(), xAt, width, first) / width;
        float center = (float) mean;
        double rest = mean - center;
        double squares = kernels.sumOfSquares(x.segment(), xAt, width, center);
        double variance = Math.max(0, squares / width - rest * rest);
        double scale = 1 / Math.sqrt(variance + op.epsilon());
        float shift = (float) (-rest * scale);
        if (weight == null || bias == null) {
            kernels.normalizeRow(x.segment(), xAt, out.segment(), outAt, width, center, (float) scale, shift);
        } else {
            kernels.normalizeRowAffine(
                    x.segment(),
                    xAt,
                    out.segment(),
                    outAt,
                    width,
                    center,
                    (float) scale,
                    shift,
                    weight.segment(),
                    weight.byteOffset(),
                    bias.segment(),
                    bias.byteOffset());
        }
    }
}
