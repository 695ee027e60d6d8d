package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.LayoutOp;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@link LayoutOp.Concat} and {@link LayoutOp.Slice}: blocks of bytes at regular distances. Out must not overlap an operand. */
final class CopyStep implements Step, Workers.Task {
    /**
     * As many blocks as there are positions of the outer axes.
     *
     * @param source where the first block lies
     * @param sourceStride bytes from one block to the next
     * @param target where the first block goes
     * @param targetStride bytes from one block to the next
     * @param blockBytes the size of a block
     * @param split the bytes of all blocks
     */
    private record Part(
            Operand source, long sourceStride, Operand target, long targetStride, long blockBytes, TaskSplit split) {

        void copy(int task) {
            long to = split.to(task);
            for (long i = split.from(task); i < to; ) {
                long block = i / blockBytes;
                long within = i - block * blockBytes;
                long count = Math.min(blockBytes - within, to - i);
                MemorySegment.copy(
                        source.segment(),
                        source.byteOffset() + block * sourceStride + within,
                        target.segment(),
                        target.byteOffset() + block * targetStride + within,
                        count);
                i += count;
            }
        }
    }

    private static final long BYTES_PER_TASK = 1 << 16;

    private final Part[] parts;
    private final int tasks;

    private CopyStep(Part[] parts) {
        this.parts = parts;
        int count = 0;
        for (Part part : parts) {
            count = Math.addExact(count, part.split.tasks());
        }
        tasks = count;
    }

    /** The operands, of the given shapes, one after the other along an axis. */
    static CopyStep concat(LayoutOp.Concat op, List<Shape> shapes, List<Operand> operands, Shape result, Operand out) {
        Part[] parts = new Part[operands.size()];
        long at = out.byteOffset();
        long stride = blockBytes(result, op.axis());
        for (int i = 0; i < parts.length; i++) {
            long block = blockBytes(shapes.get(i), op.axis());
            parts[i] = part(operands.get(i), block, new Operand(out.segment(), at), stride, block, shapes.get(i));
            at += block;
        }
        return new CopyStep(parts);
    }

    /** Some positions of one axis of x. */
    static CopyStep slice(LayoutOp.Slice op, Shape shape, Operand x, Shape result, Operand out) {
        long stride = blockBytes(shape, op.axis());
        long block = blockBytes(result, op.axis());
        long skipped = shape.dim(op.axis()) == 0 ? 0 : stride / shape.dim(op.axis()) * op.from();
        Operand source = new Operand(x.segment(), x.byteOffset() + skipped);
        return new CopyStep(new Part[] {part(source, stride, out, block, block, result)});
    }

    private static Part part(
            Operand source, long sourceStride, Operand target, long targetStride, long blockBytes, Shape shape) {
        return new Part(
                source,
                sourceStride,
                target,
                targetStride,
                blockBytes,
                new TaskSplit(4 * shape.size(), BYTES_PER_TASK));
    }

    /** Bytes of one position of the axes outside of {@code axis}. */
    private static long blockBytes(Shape shape, int axis) {
        long elements = 1;
        for (int i = axis; i < shape.rank(); i++) {
            elements *= shape.dim(i);
        }
        return 4 * elements;
    }

    @Override
    public void run(Workers workers) {
        workers.parallel(tasks, this);
    }

    @Override
    public void run(int task, int worker) {
        int rest = task;
        for (Part part : parts) {
            int some = part.split.tasks();
            if (rest < some) {
                part.copy(rest);
                return;
            }
            rest -= some;
        }
    }
}
