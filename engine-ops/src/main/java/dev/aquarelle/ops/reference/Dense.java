package dev.aquarelle.ops.reference;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.TensorException;

/** The numbers of a value as an array, row-major. */
final class Dense {
    final Shape shape;
    final float[] values;

    Dense(Shape shape, float[] values) {
        this.shape = shape;
        this.values = values;
    }

    /** All zeros. */
    static Dense of(Shape shape) {
        if (shape.size() > Integer.MAX_VALUE - 8) {
            throw new TensorException("the reference backend cannot hold " + shape + ": it does not fit a Java array");
        }
        return new Dense(shape, new float[(int) shape.size()]);
    }

    /** Elements in one step of {@code axis}: the product of the axes behind it. */
    int stride(int axis) {
        int stride = 1;
        for (int a = axis + 1; a < shape.rank(); a++) {
            stride *= shape.dim(a);
        }
        return stride;
    }

    /** How often all of {@code axis} comes again: the product of the axes before it. */
    int repeats(int axis) {
        int repeats = 1;
        for (int a = 0; a < axis; a++) {
            repeats *= shape.dim(a);
        }
        return repeats;
    }
}
