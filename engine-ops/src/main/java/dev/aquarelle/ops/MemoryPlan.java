package dev.aquarelle.ops;

/**
 * What a program takes in memory, in bytes; the mapped weight files are not counted.
 *
 * @param activations the slab that all intermediate values share, values kept between runs included
 * @param scratch working space of the kernels
 * @param preparedWeights weights packed or converted once
 */
public record MemoryPlan(long activations, long scratch, long preparedWeights) {
    /** All of it. */
    public long total() {
        return activations + scratch + preparedWeights;
    }
}
