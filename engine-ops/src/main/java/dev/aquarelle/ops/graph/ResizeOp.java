package dev.aquarelle.ops.graph;

import static dev.aquarelle.ops.graph.ShapeRules.require;

import dev.aquarelle.core.tensor.Shape;

/** Images [N, H, W, C] made larger or smaller. */
public sealed interface ResizeOp extends Op {

    /** Nearest-neighbor resize of [N, H, W, C]: result row y is row {@code floor(y * H / height)}, columns alike. */
    record UpsampleNearest(int height, int width) implements ResizeOp {
        @Override
        public Shape resultShape(Shape... in) {
            require(
                    in[0].rank() == 4 && in[0].dim(1) > 0 && in[0].dim(2) > 0 && height > 0 && width > 0,
                    "upsampleNearest: cannot make %s %d x %d",
                    in[0],
                    height,
                    width);
            return Shape.of(in[0].dim(0), height, width, in[0].last());
        }
    }

    /** Mean of each 2 x 2 square of [N, H, W, C]; an odd last row or column is dropped. */
    record AveragePool2() implements ResizeOp {
        @Override
        public Shape resultShape(Shape... in) {
            require(in[0].rank() == 4 && in[0].dim(1) > 1 && in[0].dim(2) > 1, "averagePool2: %s is too small", in[0]);
            return Shape.of(in[0].dim(0), in[0].dim(1) / 2, in[0].dim(2) / 2, in[0].last());
        }
    }

    @Override
    default boolean takes(int operands) {
        return operands == 1;
    }
}
