package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vectors that kernels work with, and how they are read and written. This class and the {@code Vector*} classes are the only
 * ones that name {@code jdk.incubator.vector}; {@link Kernels} decides whether they are loaded.
 */
final class Simd {
    /** As wide as the hardware likes, 512 bits at most; {@code -Daquarelle.vectorBits=512|256|128} overrides it. */
    static final VectorSpecies<Float> F32 =
            species(Integer.getInteger(Kernels.VECTOR_BITS, Math.max(128, hardwareBits())));

    private Simd() {}

    /** The widest vector of floats that the JIT compiles to instructions of this machine; 64 where it compiles none. */
    static int hardwareBits() {
        return Math.min(512, FloatVector.SPECIES_PREFERRED.vectorBitSize());
    }

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

    private static VectorSpecies<Float> species(int bits) {
        return switch (bits) {
            case 512, 256, 128 -> VectorSpecies.of(float.class, VectorShape.forBitSize(bits));
            default -> FloatVector.SPECIES_128; // the property asks for no vectors: only Kernels reads this
        };
    }
}
