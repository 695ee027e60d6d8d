package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.Value;
import java.util.List;

/** Ops that only move numbers: parts of an axis, rows of a table. */
final class Rows {
    private Rows() {}

    static Dense concat(int axis, List<Dense> parts, Shape resultShape) {
        Dense result = Dense.of(resultShape);
        int at = 0;
        for (int i = 0; i < result.repeats(axis); i++) {
            for (Dense part : parts) {
                int count = part.shape.dim(axis) * part.stride(axis);
                System.arraycopy(part.values, i * count, result.values, at, count);
                at += count;
            }
        }
        return result;
    }

    static Dense slice(LayoutOp.Slice op, Dense x, Shape resultShape) {
        Dense result = Dense.of(resultShape);
        int stride = x.stride(op.axis());
        int count = (op.to() - op.from()) * stride;
        for (int i = 0; i < x.repeats(op.axis()); i++) {
            int from = (i * x.shape.dim(op.axis()) + op.from()) * stride;
            System.arraycopy(x.values, from, result.values, i * count, count);
        }
        return result;
    }

    /**
     * @throws TensorException if an id is outside of the table
     */
    static Dense embedding(int[] rows, Dense table, Value value) {
        Dense result = Dense.of(value.shape());
        int channels = table.shape.last();
        for (int i = 0; i < rows.length; i++) {
            require(rows[i], table.shape.dim(0), "id", i, value);
            System.arraycopy(table.values, rows[i] * channels, result.values, i * channels, channels);
        }
        return result;
    }

    /**
     * @throws TensorException if a position is outside of its sample
     */
    static Dense selectRows(Dense x, int[] rows, Value value) {
        Dense result = Dense.of(value.shape());
        int channels = x.shape.last();
        for (int n = 0; n < rows.length; n++) {
            require(rows[n], x.shape.dim(1), "position", n, value);
            int from = (n * x.shape.dim(1) + rows[n]) * channels;
            System.arraycopy(x.values, from, result.values, n * channels, channels);
        }
        return result;
    }

    /**
     * @throws TensorException if the index is not among so many rows
     */
    static void require(int index, int count, String what, int at, Value value) {
        if (index < 0 || index >= count) {
            String where = value.scope().isEmpty() ? "" : value.scope() + ": ";
            throw new TensorException("%s%s: %s %d (at %d) is outside of the %d rows"
                    .formatted(where, value.op().label(), what, index, at, count));
        }
    }
}
