package dev.aquarelle.ops.cpu;

import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vectors that kernels work with. They are read and written by the Vector API's own methods, which C2 always takes into a loop: a
 * method of ours it leaves outside, and boxes its vectors for good, where it happens to have counted few calls of it, as in a kernel that it
 * takes into its caller before it has looked at it long enough. This class, {@link Hardware} and the {@code Vector*} classes
 * are the only ones that name {@code jdk.incubator.vector}; {@link Kernels} decides whether they are loaded.
 */
final class Simd {
    /** As wide as {@link Kernels} says: 512, 256 or 128 bits. */
    static final VectorSpecies<Float> F32 =
            VectorSpecies.of(float.class, VectorShape.forBitSize(Kernels.vectorBitsToUse()));

    private Simd() {}
}
