package dev.aquarelle.core.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The sizes of a tensor's axes, outermost first. A scalar has no axis and size 1; an axis of 0 makes an empty tensor. Immutable.
 *
 * <p>The size is checked to fit a {@code long} when the shape is made, so no product of axes overflows later.
 */
public final class Shape {
    private final int[] dims;
    private final long size;

    private Shape(int[] dims) {
        this.dims = dims;
        long product = 1;
        for (int dim : dims) {
            if (dim < 0) {
                throw new TensorException("axes must not be negative, found " + Arrays.toString(dims));
            }
            if (dim != 0 && product > Long.MAX_VALUE / dim) {
                throw new TensorException(
                        "a tensor of shape %s has more numbers than a long counts".formatted(Arrays.toString(dims)));
            }
            product *= dim;
        }
        this.size = product;
    }

    /**
     * A shape of the given axes, outermost first.
     *
     * @throws TensorException if an axis is negative or the number of elements does not fit a long
     */
    public static Shape of(int... dims) {
        return new Shape(dims.clone());
    }

    /** Number of axes. */
    public int rank() {
        return dims.length;
    }

    /** The size of one axis; negative counts from the end, so {@code dim(-1)} is the innermost axis. */
    public int dim(int axis) {
        return dims[axis < 0 ? dims.length + axis : axis];
    }

    /** The innermost axis: channels of a feature map, width of a token. */
    public int last() {
        if (dims.length == 0) {
            throw new TensorException("a scalar has no axes");
        }
        return dims[dims.length - 1];
    }

    /** Number of elements: the product of all axes. */
    public long size() {
        return size;
    }

    /** Number of elements of one innermost row's siblings: the product of all axes but the last. */
    public long rows() {
        return last() == 0 ? 0 : size / last();
    }

    /** A copy of the axes. */
    public int[] dims() {
        return dims.clone();
    }

    /** This shape with another innermost axis. */
    public Shape withLast(int last) {
        int[] copy = dims.clone();
        copy[copy.length - 1] = last;
        return new Shape(copy);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** As in messages: {@code [2, 64, 64, 320]}. */
    @Override
    public String toString() {
        return Arrays.stream(dims).mapToObj(Integer::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
