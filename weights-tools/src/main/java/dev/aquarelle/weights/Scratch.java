package dev.aquarelle.weights;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collection;

/** Memory that tensors of a file take in turn, so that a file larger than the memory can be made: each is gone when the next one is asked for. */
record Scratch(MemorySegment memory) {
    static Scratch forLargest(Collection<Shape> shapes, DType dtype, Arena arena) {
        long largest = shapes.stream()
                .mapToLong(shape -> dtype.bytesFor(shape.size()))
                .max()
                .orElse(0);
        return new Scratch(arena.allocate(largest, Tensor.ALIGNMENT));
    }

    /** A tensor with the numbers of the one before it. */
    Tensor tensor(DType dtype, Shape shape) {
        return new Tensor(shape, dtype, memory.asSlice(0, dtype.bytesFor(shape.size())));
    }
}
