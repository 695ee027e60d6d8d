package dev.aquarelle.sd.lora;

import dev.aquarelle.core.tensor.Shape;

/**
 * A layer of a model: where its weight is, and how large.
 *
 * @param name its path in the part of the checkpoint: {@code down_blocks.0.attentions.0.proj_in}
 * @param shape of its weight: [out, in], [out, in, kernel, kernel], or [out] of a norm
 */
record Layer(String name, Shape shape) {
    private static final int AXES = 4; // of a convolution's weight, the largest there is

    String weight() {
        return name + ".weight";
    }

    String bias() {
        return name + ".bias";
    }

    /** Rows of the weight seen as a matrix. */
    int out() {
        return shape.dim(0);
    }

    /** Columns of the weight seen as a matrix: inputs times pixels of the window. */
    int columns() {
        return Math.toIntExact(shape.size() / out());
    }

    /** The axes of the weight, filled up with ones: [out, in, kernel, kernel]. */
    int in() {
        return axis(1);
    }

    int height() {
        return axis(2);
    }

    int width() {
        return axis(3);
    }

    private int axis(int axis) {
        return axis < shape.rank() ? shape.dim(axis) : 1;
    }

    /** Whether it is of a kind that a difference can be laid over. */
    static boolean suits(Shape shape) {
        return shape.rank() >= 1
                && shape.rank() <= AXES
                && shape.size() > 0
                && shape.size() / shape.dim(0) <= Integer.MAX_VALUE;
    }

    /** Whether it is a linear layer or a convolution, which can have a side branch; a table of tokens or positions or a norm has none. */
    boolean isProduct() {
        return shape.rank() != 1 && shape.rank() != 3 && !name.endsWith("_embedding");
    }
}
