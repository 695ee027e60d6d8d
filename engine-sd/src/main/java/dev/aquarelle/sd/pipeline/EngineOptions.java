package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.BackendOptions;

/**
 * How an engine runs; nothing of it changes a picture.
 *
 * @param backend the backend's name, or {@code auto} for the best one that runs here
 * @param backendOptions threads
 * @param memory what the engine may take beyond the mapped weights; in any case no more than the machine or its container has
 */
public record EngineOptions(String backend, BackendOptions backendOptions, MemoryBudget memory) {
    /** The best backend, all processors, no limit. */
    public static final EngineOptions DEFAULT =
            new EngineOptions("auto", BackendOptions.DEFAULT, MemoryBudget.UNLIMITED);
}
