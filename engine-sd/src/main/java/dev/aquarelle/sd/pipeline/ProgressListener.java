package dev.aquarelle.sd.pipeline;

/** Told after each step; called by the thread that asked for the picture, which goes on when the method returns. */
@FunctionalInterface
public interface ProgressListener {
    /** Listens to nothing. */
    ProgressListener NONE = _ -> {};

    /** A step is done. What this throws ends the request. */
    void onStep(Progress progress);
}
