package dev.aquarelle.sd.upscale;

/** Told after each tile, by the thread that asked for the picture, which goes on when the method returns. */
@FunctionalInterface
public interface UpscaleListener {
    /** Listens to nothing. */
    UpscaleListener NONE = (_, _) -> {};

    /**
     * A tile is done. What this throws ends the work.
     *
     * @param done how many are done, from 1
     * @param tiles how many there are in all
     */
    void onTile(int done, int tiles);
}
