package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.cpu.Scalars.set;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.TokenOp;
import java.lang.foreign.MemorySegment;

/**
 * {@link LayoutOp.Embedding}, {@link LayoutOp.SelectRows} and {@link TokenOp.UnmergeTokens}: rows of a table, or of each sample its own, by I32 indices. All indices are checked
 * before any row is copied. Out must not overlap an operand.
 */
final class GatherStep implements Step, Workers.Task {
    private final String who;
    private final String what;
    private final MemorySegment indices;
    private final MemorySegment table;
    private final DType dtype;
    private final int rows;
    private final int rowsBetween;
    private final int indicesASample;
    private final int channels;
    private final Operand out;
    private final TaskSplit split;

    private GatherStep(
            String who,
            String what,
            Operand indices,
            long count,
            Operand table,
            DType dtype,
            int rows,
            int rowsBetween,
            int indicesASample,
            int channels,
            Operand out) {
        this.who = who;
        this.what = what;
        this.indices = indices.segment().asSlice(indices.byteOffset());
        this.table = table.segment().asSlice(table.byteOffset());
        this.dtype = dtype;
        this.rows = rows;
        this.rowsBetween = rowsBetween;
        this.indicesASample = indicesASample;
        this.channels = channels;
        this.out = out;
        split = TaskSplit.of(count, channels);
    }

    /**
     * Rows of one table.
     *
     * @param who the operation, for messages
     * @param dtype of the table, any floating-point type
     */
    static GatherStep embedding(
            String who, Shape idsShape, Operand ids, Shape tableShape, DType dtype, Operand table, Operand out) {
        int rows = tableShape.dim(0);
        return new GatherStep(who, "id", ids, idsShape.size(), table, dtype, rows, 0, 1, tableShape.last(), out);
    }

    /** One row of each sample of x [N, L, C]. */
    static GatherStep selectRows(String who, Shape xShape, Operand x, Operand positions, Operand out) {
        int rows = xShape.dim(1);
        return new GatherStep(
                who, "position", positions, xShape.dim(0), x, DType.F32, rows, rows, 1, xShape.last(), out);
    }

    /** Rows of each sample of x [N, T, C] by the places [N, L] of its tokens. */
    static GatherStep unmergeTokens(
            String who, Shape xShape, Operand x, Shape placesShape, Operand places, Operand out) {
        int rows = xShape.dim(1);
        int each = placesShape.dim(1);
        return new GatherStep(
                who, "place", places, placesShape.size(), x, DType.F32, rows, rows, each, xShape.last(), out);
    }

    /**
     * @throws TensorException if an index is outside of the table
     */
    @Override
    public void run(Workers workers) {
        for (long i = 0; i < split.items(); i++) {
            int index = index(i);
            if (index < 0 || index >= rows) {
                throw new TensorException(
                        "%s: %s %d (at %d) is outside of the %d rows".formatted(who, what, index, i, rows));
            }
        }
        workers.parallel(split.tasks(), this);
    }

    private int index(long i) {
        return (int) DType.I32.readLong(indices, i);
    }

    @Override
    public void run(int task, int worker) {
        for (long i = split.from(task); i < split.to(task); i++) {
            long first = (i / indicesASample * rowsBetween + index(i)) * channels;
            long outAt = out.byteOffset() + 4L * channels * i;
            if (dtype == DType.F32) {
                MemorySegment.copy(table, 4 * first, out.segment(), outAt, 4L * channels);
            } else {
                widen(first, outAt);
            }
        }
    }

    private void widen(long first, long outAt) {
        for (int c = 0; c < channels; c++) {
            set(out.segment(), outAt + 4L * c, dtype.readFloat(table, first + c));
        }
    }
}
