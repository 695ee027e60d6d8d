package dev.aquarelle.weights;

import java.util.stream.LongStream;

/** Splits the elements of a tensor into blocks of one size, which the threads of the common pool share. */
final class Blocks {
    /** Some hundred microseconds of work: enough that handing it out costs nothing, little enough that all threads end together. */
    static final long SIZE = 1 << 16;

    /** Work on the elements {@code from} (inclusive) to {@code to} (exclusive). */
    @FunctionalInterface
    interface Work {
        void run(long from, long to);
    }

    private Blocks() {}

    static long count(long elements) {
        return Math.ceilDiv(elements, SIZE);
    }

    static void forEach(long elements, Work work) {
        LongStream.range(0, count(elements))
                .parallel()
                .forEach(block -> work.run(block * SIZE, Math.min(elements, (block + 1) * SIZE)));
    }
}
