package dev.aquarelle.sd.pipeline;

/**
 * Told after each step; called by the thread that asked for the picture, which goes on when the method returns. It may not ask the engine
 * for another picture or close it; to end the request, it throws or has the request's token cancelled.
 */
@FunctionalInterface
public interface ProgressListener {
    /** Listens to nothing. */
    ProgressListener NONE = _ -> {};

    /** A step is done. What this throws ends the request. */
    void onStep(Progress progress);
}
