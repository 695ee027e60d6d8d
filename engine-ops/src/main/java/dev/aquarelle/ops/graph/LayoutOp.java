package dev.aquarelle.ops.graph;

import static dev.aquarelle.ops.graph.ShapeRules.require;

import dev.aquarelle.core.tensor.Shape;
import java.util.Arrays;

/** Numbers in other places, none of them changed. */
public sealed interface LayoutOp extends Op {

    /** The same numbers in another shape of equal size; no work at run time. */
    record Reshape(Shape shape) implements LayoutOp {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].size() == shape.size(), "reshape: %s does not hold as many numbers as %s", in[0], shape);
            return shape;
        }
    }

    /** The operands one after the other along an axis (counted from the outermost, 0); all other axes are equal. */
    record Concat(int axis) implements LayoutOp {
        @Override
        public Shape resultShape(Shape... in) {
            require(axis >= 0 && axis < in[0].rank(), "concat: %s has no axis %d", in[0], axis);
            int[] dims = in[0].dims();
            for (int i = 1; i < in.length; i++) {
                int[] other = in[i].dims();
                require(other.length == dims.length, "concat: %s and %s differ in rank", in[0], in[i]);
                for (int a = 0; a < dims.length; a++) {
                    require(
                            a == axis || other[a] == in[0].dim(a),
                            "concat along axis %d: %s and %s differ elsewhere",
                            axis,
                            in[0],
                            in[i]);
                }
                require(
                        other[axis] <= Integer.MAX_VALUE - dims[axis],
                        "concat: axis %d of %s and %s gets too long",
                        axis,
                        in[0],
                        in[i]);
                dims[axis] += other[axis];
            }
            return Shape.of(dims);
        }
    }

    /** The positions {@code from} (inclusive) to {@code to} (exclusive) of one axis (counted from the outermost, 0). */
    record Slice(int axis, int from, int to) implements LayoutOp {
        @Override
        public Shape resultShape(Shape... in) {
            require(
                    axis >= 0 && axis < in[0].rank() && from >= 0 && from < to && to <= in[0].dim(axis),
                    "slice: %s has no positions %d to %d in axis %d",
                    in[0],
                    from,
                    to,
                    axis);
            int[] dims = in[0].dims();
            dims[axis] = to - from;
            return Shape.of(dims);
        }
    }

    /** Rows of a table [V, C] by I32 ids [...]: [..., C]. An id outside of the table fails the run with its value. */
    record Embedding() implements LayoutOp {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[1].rank() == 2, "embedding: the table is %s, expected [V, C]", in[1]);
            int[] dims = Arrays.copyOf(in[0].dims(), in[0].rank() + 1);
            dims[in[0].rank()] = in[1].last();
            return Shape.of(dims);
        }
    }

    /** One row of each sample: x [N, L, C] and I32 positions [N] give [N, C]. A position outside fails the run. */
    record SelectRows() implements LayoutOp {
        @Override
        public Shape resultShape(Shape... in) {
            require(
                    in[0].rank() == 3 && in[1].equals(Shape.of(in[0].dim(0))),
                    "selectRows: positions %s do not fit %s",
                    in[1],
                    in[0]);
            return Shape.of(in[0].dim(0), in[0].last());
        }
    }

    @Override
    default boolean takes(int operands) {
        return switch (this) {
            case Reshape _, Slice _ -> operands == 1;
            case Embedding _, SelectRows _ -> operands == 2;
            case Concat _ -> operands > 0;
        };
    }

    @Override
    default boolean isIndex(int index) {
        return switch (this) {
            case Embedding _ -> index == 0;
            case SelectRows _ -> index == 1;
            case Reshape _, Concat _, Slice _ -> false;
        };
    }
}
