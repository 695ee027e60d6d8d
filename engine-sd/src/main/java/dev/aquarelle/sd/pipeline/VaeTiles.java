package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.vae.Autoencoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Which tiles the autoencoder needs for a picture under a limit. Since they change the picture, they depend on the request and on the
 * limit that the user sets, and not on the machine: what is compared with the limit is the memory that a fixed number of threads would take.
 */
final class VaeTiles {
    /** Best first. The smallest ones see too little to agree about colors, and are for pictures that could not be made otherwise. */
    private static final List<Integer> SIZES = List.of(128, 96, 64, 48, 32, 24, 16);

    private static final int THREADS = 16; // fewer take less

    /** Of a limit, for the text encoders. */
    private static final int TEXT = 32;

    private final Backend backend;
    private final Autoencoder vae;
    private final int height;
    private final int width;
    private final boolean encodes;
    private final Map<Integer, List<MemoryPlan>> plans = new HashMap<>();
    private final Map<Integer, Long> leastLimits = new HashMap<>();

    /**
     * @param height of the picture's latents
     * @param width of the picture's latents
     * @param encodes whether a picture of that size is encoded too
     */
    VaeTiles(Backend backend, Autoencoder vae, int height, int width, boolean encodes) {
        this.backend = backend;
        this.vae = vae;
        this.height = height;
        this.width = width;
        this.encodes = encodes;
    }

    /**
     * Height and width of the tiles in latents; 0 for a picture that is made whole.
     *
     * @param limit the user's
     */
    int settle(VaeTiling asked, MemoryBudget limit) {
        return switch (asked.mode()) {
            case OFF -> 0;
            case TILES -> asked.size() < Math.max(height, width) ? asked.size() : 0;
            case AUTO -> limit.equals(MemoryBudget.UNLIMITED) ? 0 : largest(limit);
        };
    }

    /** All that a request may be settled to, best first. */
    List<Integer> choices(VaeTiling asked) {
        if (asked.mode() != VaeTiling.Mode.AUTO) {
            return List.of(settle(asked, MemoryBudget.UNLIMITED));
        }
        List<Integer> choices = new ArrayList<>(List.of(0));
        SIZES.stream().filter(size -> size < Math.max(height, width)).forEach(choices::add);
        return choices;
    }

    private int largest(MemoryBudget limit) {
        List<Integer> choices = choices(VaeTiling.AUTO);
        for (int tile : choices) {
            if (mayFit(tile, limit) && leastLimit(tile) <= limit.bytes()) {
                return tile;
            }
        }
        return choices.getLast();
    }

    /** A look at a single tile, before the graph of all of them is made. */
    private boolean mayFit(int tile, MemoryBudget limit) {
        return tile == 0
                || backend.plan(new VaeGraphs(vae, 0).decoder(Math.min(tile, height), Math.min(tile, width)))
                                .activations()
                        <= limit.bytes();
    }

    /** The smallest limit under which tiles may be of a size, which larger ones may have too. */
    long leastLimit(int tile) {
        long most = leastLimits.computeIfAbsent(
                tile,
                size -> graphs(size)
                        .mapToLong(graph -> backend.plan(graph, THREADS).total())
                        .max()
                        .orElseThrow());
        return Math.ceilDiv(most * TEXT, TEXT - 1);
    }

    private Stream<Graph> graphs(int tile) {
        VaeGraphs graphs = new VaeGraphs(vae, tile);
        Graph decoder = graphs.decoder(height, width);
        return encodes
                ? Stream.of(decoder, graphs.encoder(vae.scale() * height, vae.scale() * width))
                : Stream.of(decoder);
    }

    /** What the decoder's program takes. */
    MemoryPlan decoder(int tile) {
        return plans(tile).getFirst();
    }

    /** What the encoder's program takes; nothing if there is none. */
    long encoder(int tile) {
        return encodes ? plans(tile).getLast().total() : 0;
    }

    private List<MemoryPlan> plans(int tile) {
        return plans.computeIfAbsent(
                tile, size -> graphs(size).map(backend::plan).toList());
    }
}
