package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.graph.Graph;
import java.util.List;

/**
 * The memory of a request: how it is to be used, settled before any work.
 *
 * @param open the model that serves it
 * @param demands on its programs in the calls of a run
 * @param encodes whether it starts from a picture
 * @param adapters run once before it
 * @param asked how the autoencoder may make the picture
 */
record Preparation(OpenModel open, List<Demand> demands, boolean encodes, List<Graph> adapters, VaeTiling asked) {

    private static final String ADAPTERS = "an adapter or its image encoder";

    /**
     * Compiles what the request needs.
     *
     * @return height and width of the autoencoder's tiles in latents; 0 if it takes the picture whole
     * @throws MemoryBudgetException if it does not fit in any way that the request allows; says what would
     */
    int prepare(Cancellation cancellation) {
        Programs programs = model().programs();
        VaeTiles tiles = tiles();
        try {
            int tile = tiles.settle(asked, open.limit());
            programs.requireAlone(adapters, ADAPTERS);
            programs.tile(tile);
            programs.prepare(demands, cancellation);
            return tile;
        } catch (MemoryBudgetException e) {
            throw withLeast(e, fit(tiles));
        }
    }

    /** Height and width of the autoencoder's tiles in latents; 0 if it takes the picture whole. */
    int tile() {
        return tiles().settle(asked, open.limit());
    }

    private DiffusionModel model() {
        return open.model();
    }

    /** What is there all the time beside this model's programs. */
    private long taken() {
        return open.taken() + open.copies();
    }

    private MemoryFit fit(VaeTiles tiles) {
        return model().programs().fit(demands, tiles, adapters, previewMemory());
    }

    private long previewMemory() {
        Demand any = demands.getFirst();
        return model().previewMemory(any.height(), any.width());
    }

    private VaeTiles tiles() {
        Demand any = demands.getFirst();
        return model().programs().tiles(any.height(), any.width(), encodes);
    }

    private MemoryBudgetException withLeast(MemoryBudgetException e, MemoryFit fit) {
        if (e.available() == MemoryBudgetException.UNKNOWN) {
            return e; // the JVM gives less than it says
        }
        return new MemoryBudgetException(e, fit.least(asked) + taken());
    }

    /**
     * What the request takes; nothing is made.
     *
     * @param heap bytes in the Java heap
     * @throws MemoryBudgetException as {@link #prepare} would
     */
    MemoryNeed need(long heap) {
        VaeTiles tiles = tiles();
        int tile = tiles.settle(asked, open.limit());
        MemoryFit fit = fit(tiles);
        MemoryBudget allowed = model().programs().budget();
        long peak = fit.peak(tile, allowed);
        try {
            allowed.require("all that the picture needs at a time", peak);
        } catch (MemoryBudgetException e) {
            throw withLeast(e, fit);
        }
        MemoryNeed.Sharing sharing = fit.sharing(tile, allowed);
        return new MemoryNeed(
                fit.textEncoders() + open.taken(),
                sharing == MemoryNeed.Sharing.ONE_LOOK_AT_A_TIME ? fit.single() : fit.denoiser(),
                tiles.decoder(tile).total(),
                tiles.encoder(tile),
                fit.largestAdapter(),
                fit.preview(tile, allowed) > 0 ? previewMemory() : 0,
                open.copies(),
                sharing,
                tile,
                peak + taken(),
                heap,
                open.weightBytes(),
                fit.least(asked) + taken());
    }
}
