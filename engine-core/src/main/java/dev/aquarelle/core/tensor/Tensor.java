package dev.aquarelle.core.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/**
 * A view of a dense, row-major block of numbers: copying the record does not copy them; their arena ends their life.
 *
 * <p>Activations are {@code [N, H, W, C]} or {@code [N, L, C]} in {@link DType#F32}; weights have the layout and type of their
 * file. The memory is off-heap (a mapped file, an arena) or an array of the heap ({@link #of}).
 *
 * @param shape the axes, outermost first
 * @param dtype the type of the numbers, little endian
 * @param data exactly the bytes of the numbers
 */
public record Tensor(Shape shape, DType dtype, MemorySegment data) {
    /** Kernels read whole vectors: blocks they work on start at a cache line. */
    public static final long ALIGNMENT = 64;

    /**
     * @throws TensorException if the memory is not exactly what the shape and the type take
     */
    public Tensor {
        long needed = dtype.bytesFor(shape.size());
        if (data.byteSize() != needed) {
            throw new TensorException(
                    "%s %s takes %d bytes, its memory has %d".formatted(dtype, shape, needed, data.byteSize()));
        }
    }

    /** A zeroed tensor in memory of {@code allocator}, aligned to {@link #ALIGNMENT}. */
    public static Tensor allocate(SegmentAllocator allocator, DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        return new Tensor(shape, dtype, allocator.allocate(dtype.bytesFor(shape.size()), ALIGNMENT));
    }

    /** An {@link DType#F32} view of an array: what is written to one is seen in the other. */
    public static Tensor of(float[] values, int... dims) {
        return new Tensor(Shape.of(dims), DType.F32, MemorySegment.ofArray(values));
    }

    /** An {@link DType#I32} view of an array, for token ids and positions. */
    public static Tensor of(int[] values, int... dims) {
        return new Tensor(Shape.of(dims), DType.I32, MemorySegment.ofArray(values));
    }

    /** The same numbers in another shape of equal size. */
    public Tensor reshape(int... dims) {
        return new Tensor(Shape.of(dims), dtype, data);
    }

    /** One number as a float, whatever the type; {@code index} counts elements in row-major order. For tests and borders. */
    public float getFloat(long index) {
        return dtype.readFloat(data, index);
    }

    /** A copy of all numbers as floats, widened exactly or rounded to nearest as {@link DType#readFloat} does. */
    public float[] toFloatArray() {
        float[] values = new float[arrayLength()];
        if (dtype == DType.F32) {
            MemorySegment.copy(data, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values, 0, values.length);
        } else {
            for (int i = 0; i < values.length; i++) {
                values[i] = dtype.readFloat(data, i);
            }
        }
        return values;
    }

    /**
     * A copy of all numbers as ints.
     *
     * @throws TensorException if the type is a floating-point type
     */
    public int[] toIntArray() {
        int[] values = new int[arrayLength()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (int) dtype.readLong(data, i);
        }
        return values;
    }

    /** The samples {@code from} (inclusive) to {@code to} (exclusive) of the outermost axis, as a view. */
    public Tensor slice(int from, int to) {
        if (shape.rank() == 0 || from < 0 || to < from || to > shape.dim(0)) {
            throw new TensorException("cannot take samples %d to %d of %s".formatted(from, to, shape));
        }
        int[] dims = shape.dims();
        long each = shape.dim(0) == 0 ? 0 : data.byteSize() / shape.dim(0);
        dims[0] = to - from;
        return new Tensor(Shape.of(dims), dtype, data.asSlice(from * each, (to - from) * each));
    }

    private int arrayLength() {
        if (shape.size() > Integer.MAX_VALUE - 8) {
            throw new TensorException("%s %s does not fit a Java array".formatted(dtype, shape));
        }
        return (int) shape.size();
    }

    /** Type and shape, as in messages: {@code F32 [2, 64, 64, 320]}. */
    @Override
    public String toString() {
        return dtype + " " + shape;
    }
}
