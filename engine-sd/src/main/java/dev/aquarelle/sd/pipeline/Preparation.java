package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.ops.Cancellation;
import java.util.List;

/**
 * The memory of a request: how it is to be used, settled before any work.
 *
 * @param model that serves it
 * @param demands on its programs in the calls of a run
 * @param encodes whether it starts from a picture
 * @param asked how the autoencoder may make the picture
 * @param limit the user's
 */
record Preparation(DiffusionModel model, List<Demand> demands, boolean encodes, VaeTiling asked, MemoryBudget limit) {

    /**
     * Compiles what the request needs.
     *
     * @return height and width of the autoencoder's tiles in latents; 0 if it takes the picture whole
     * @throws MemoryBudgetException if it does not fit in any way that the request allows; says what would
     */
    int prepare(Cancellation cancellation) {
        Programs programs = model.programs();
        VaeTiles tiles = tiles();
        try {
            int tile = tiles.settle(asked, limit);
            programs.tile(tile);
            programs.prepare(demands, cancellation);
            return tile;
        } catch (MemoryBudgetException e) {
            throw withLeast(e, programs.fit(demands, tiles));
        }
    }

    /** Height and width of the autoencoder's tiles in latents; 0 if it takes the picture whole. */
    int tile() {
        return tiles().settle(asked, limit);
    }

    private VaeTiles tiles() {
        Demand any = demands.getFirst();
        return model.programs().tiles(any.height(), any.width(), encodes);
    }

    private MemoryBudgetException withLeast(MemoryBudgetException e, MemoryFit fit) {
        if (e.available() == MemoryBudgetException.UNKNOWN) {
            return e; // the JVM gives less than it says
        }
        return new MemoryBudgetException(e, fit.least(asked));
    }

    /**
     * What the request takes; nothing is made.
     *
     * @param heap bytes in the Java heap
     * @throws MemoryBudgetException as {@link #prepare} would
     */
    MemoryNeed need(long heap) {
        VaeTiles tiles = tiles();
        int tile = tiles.settle(asked, limit);
        MemoryFit fit = model.programs().fit(demands, tiles);
        MemoryBudget allowed = model.programs().budget();
        long peak = fit.peak(tile, allowed);
        try {
            allowed.require("all that the picture needs at a time", peak);
        } catch (MemoryBudgetException e) {
            throw withLeast(e, fit);
        }
        MemoryNeed.Sharing sharing = fit.sharing(tile, allowed);
        return new MemoryNeed(
                fit.textEncoders(),
                sharing == MemoryNeed.Sharing.ONE_LOOK_AT_A_TIME ? fit.single() : fit.denoiser(),
                tiles.decoder(tile).total(),
                tiles.encoder(tile),
                sharing,
                tile,
                peak,
                heap,
                model.weightBytes(),
                fit.least(asked));
    }
}
