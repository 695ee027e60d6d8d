package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;

/** All passes of a request, one after the other. */
sealed interface Passes permits OnePass, HiresPasses, RefinedPasses {

    /**
     * Refuses what the models cannot do in one of them; computes nothing.
     *
     * @throws IllegalArgumentException if the request does not suit a model
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if the Java heap cannot hold the pictures
     */
    void require();

    /** The pass that gives the picture. */
    Pass last();

    /**
     * What all of them take in memory at most, each looked at by itself; nothing is made.
     *
     * @throws IllegalArgumentException if the request does not suit a model
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if one of them takes more than it may
     */
    MemoryNeed need();

    /**
     * Finds out that all of them fit, then makes them: latents for the last one's decoder.
     *
     * @param listener told of the steps of all of them as those of one
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if one of them does not; nothing has been done then
     */
    Tensor make(ProgressListener listener);
}
