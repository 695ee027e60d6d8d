package dev.aquarelle.ops.cpu;

import jdk.incubator.vector.FloatVector;

/** What this machine and JVM have. Needs the Vector API; apart from {@link Simd}, which wants vectors that kernels can use. */
final class Hardware {
    private Hardware() {}

    /** The widest vector of floats that the JIT compiles to instructions, 512 bits at most; 64 or less where it compiles none. */
    static int vectorBits() {
        return Math.min(512, FloatVector.SPECIES_PREFERRED.vectorBitSize());
    }
}
