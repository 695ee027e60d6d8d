package dev.aquarelle.ops.cpu;

import dev.aquarelle.ops.graph.Activation;
import java.lang.foreign.MemorySegment;

/** Element-wise loops over {@code count} floats; segments come with the place of their first float in bytes. Out may be an operand. */
interface MapKernels {
    /** {@code out = function(x)}. */
    void activate(Activation function, MemorySegment x, long xAt, MemorySegment out, long outAt, int count);

    /** {@code out = x * gelu(gate)}. */
    void geGlu(MemorySegment x, long xAt, long gateAt, MemorySegment out, long outAt, int count);

    /** {@code out = a + b}. */
    void add(MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment out, long outAt, int count);

    /** {@code out = a * b}. */
    void multiply(MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment out, long outAt, int count);

    /** {@code out = x * factor + offset}, rounded once. */
    void scale(MemorySegment x, long xAt, MemorySegment out, long outAt, int count, float factor, float offset);

    /** {@code out = ((a + b) + (c + d)) / 4} of four rows of one segment. */
    void average(MemorySegment x, long aAt, long bAt, long cAt, long dAt, MemorySegment out, long outAt, int count);
}
