package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vectors that kernels work with, and how they are read and written. This class, {@link Hardware} and the {@code Vector*} classes
 * are the only ones that name {@code jdk.incubator.vector}; {@link Kernels} decides whether they are loaded.
 */
final class Simd {
    /** As wide as {@link Kernels} says: 512, 256 or 128 bits. */
    static final VectorSpecies<Float> F32 =
            VectorSpecies.of(float.class, VectorShape.forBitSize(Kernels.vectorBitsToUse()));

    private Simd() {}

    static FloatVector load(MemorySegment memory, long byteOffset) {
        return FloatVector.fromMemorySegment(F32, memory, byteOffset, ByteOrder.LITTLE_ENDIAN);
    }

    /** Lanes outside of the mask are not read and are 0. */
    static FloatVector load(MemorySegment memory, long byteOffset, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(F32, memory, byteOffset, ByteOrder.LITTLE_ENDIAN, mask);
    }

    static void store(FloatVector vector, MemorySegment memory, long byteOffset) {
        vector.intoMemorySegment(memory, byteOffset, ByteOrder.LITTLE_ENDIAN);
    }

    /** Lanes outside of the mask are not written. */
    static void store(FloatVector vector, MemorySegment memory, long byteOffset, VectorMask<Float> mask) {
        vector.intoMemorySegment(memory, byteOffset, ByteOrder.LITTLE_ENDIAN, mask);
    }
}
