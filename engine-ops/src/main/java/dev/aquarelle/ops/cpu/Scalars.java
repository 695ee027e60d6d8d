package dev.aquarelle.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Single floats in memory: for the scalar kernels, and for the elements that do not fill a vector. */
final class Scalars {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Scalars() {}

    static float get(MemorySegment memory, long byteOffset) {
        return memory.get(F32, byteOffset);
    }

    static void set(MemorySegment memory, long byteOffset, float value) {
        memory.set(F32, byteOffset, value);
    }
}
