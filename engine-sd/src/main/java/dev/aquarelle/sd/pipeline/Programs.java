package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.unet.Steering;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetVariant;
import dev.aquarelle.sd.vae.Autoencoder;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The programs of the denoiser and the decoder, for one size at a time, within the budget that they share with the text encoder's. Where
 * the budget does not hold both of them, there is one at a time: each is compiled again when its turn comes.
 */
final class Programs implements AutoCloseable {
    static final String TEXT_ENCODER = "the text encoder";
    static final String DENOISER = "the denoiser";
    static final String CONTROL_NETS = "the ControlNets";
    static final String DECODER = "the decoder";
    static final String ENCODER = "the autoencoder's encoder";
    static final String PREVIEW_DECODER = "the preview's decoder";

    private final Backend backend;
    private final MemoryBudget budget;
    private final TextEncoders textEncoders;
    private final DenoiserGraphs graphs;
    private final KeptPrograms denoisers = new KeptPrograms();
    private final KeptPrograms controlNets = new KeptPrograms();
    private final KeptPrograms decoder = new KeptPrograms();
    private final KeptPrograms previewDecoder = new KeptPrograms();
    private VaeGraphs vae;
    private List<Demand> prepared = List.of();
    private boolean oneByOne;
    private boolean oneAtATime;
    private long reserved;

    /**
     * @param backend what compiles; not closed with the programs
     * @param budget what they may take together with the text encoder's
     */
    Programs(
            Backend backend,
            MemoryBudget budget,
            TextEncoders textEncoders,
            UNet2DConditionModel unet,
            Autoencoder vae) {
        this.backend = backend;
        this.budget = budget;
        this.textEncoders = textEncoders;
        this.graphs = new DenoiserGraphs(unet, textEncoders.pooledDim());
        this.vae = new VaeGraphs(vae, 0);
    }

    /**
     * How the autoencoder makes its pictures from now on.
     *
     * @param tile height and width of its tiles in latents; 0 for none
     */
    void tile(int tile) {
        if (tile != vae.tile()) {
            prepared = List.of();
            decoder.close();
            vae = new VaeGraphs(vae.vae(), tile);
        }
    }

    /**
     * A program under what is left of a limit.
     *
     * @param part whose program it is, for the message
     * @param taken what other programs have of the limit
     * @throws MemoryBudgetException if it is too much, with the part, the whole need and the whole limit
     */
    static Program compile(
            Backend backend, Graph graph, String part, MemoryBudget limit, long taken, Cancellation cancellation) {
        try {
            return backend.compile(graph, limit.minus(taken), cancellation);
        } catch (MemoryBudgetException e) {
            String who = taken == 0 ? part : "%s beside %.1f MiB of other programs".formatted(part, taken / 0x1p20);
            throw (MemoryBudgetException)
                    new MemoryBudgetException(who, e.needed() + taken, limit.bytes()).initCause(e);
        }
    }

    /** Compiles beside all that there is; previews give way. */
    private Program compile(Graph graph, String part, Cancellation cancellation) {
        try {
            return compile(backend, graph, part, budget, taken(), cancellation);
        } catch (MemoryBudgetException e) {
            if (previewDecoder.isEmpty()) {
                throw e;
            }
            previewDecoder.close();
            return compile(backend, graph, part, budget, taken(), cancellation);
        }
    }

    /**
     * Compiles what a run needs, or finds out that it fits: all programs beside one another, or else the denoiser's and the decoder one after the
     * other, or else moreover with a denoiser that looks once at one picture at a time, which changes nothing of what it sees.
     *
     * @param wanted of one size
     * @throws MemoryBudgetException if it does not fit even then
     * @throws java.util.concurrent.CancellationException if stopped; what is ready is kept
     */
    void prepare(List<Demand> wanted, Cancellation cancellation) {
        if (isPrepared(wanted)) {
            return;
        }
        prepared = List.of();
        oneAtATime = false;
        oneByOne = false;
        closeDenoisers();
        Demand first = wanted.getFirst();
        if (previewDecoder.haveOtherSize(first)) {
            previewDecoder.close();
        }
        // the decoder takes the most: what cannot be is refused before more is allocated
        decoder(first.height(), first.width(), cancellation);
        try {
            denoising(wanted, cancellation);
        } catch (MemoryBudgetException e) {
            oneAtATime = true;
            decoder.close();
            oneByOne = !possible(wanted, cancellation);
            if (oneByOne) {
                denoising(singles(wanted), cancellation);
            }
        }
        prepared = wanted;
    }

    /** What is there in the place of what is wanted: the same, or {@link Demand#single}. */
    Demand made(Demand wanted) {
        return oneByOne ? wanted.single() : wanted;
    }

    /** Whether several looks fit, one program at a time; single ones are not tried. */
    private boolean possible(List<Demand> wanted, Cancellation cancellation) {
        closeDenoisers();
        if (wanted.equals(singles(wanted))) {
            denoising(wanted, cancellation);
            return true;
        }
        try {
            denoising(wanted, cancellation);
            return true;
        } catch (MemoryBudgetException e) {
            closeDenoisers();
            return false;
        }
    }

    private static List<Demand> singles(List<Demand> wanted) {
        return wanted.stream().map(Demand::single).distinct().toList();
    }

    private boolean isPrepared(List<Demand> wanted) {
        return wanted.size() == prepared.size()
                && IntStream.range(0, wanted.size()).allMatch(i -> wanted.get(i).isLike(prepared.get(i)));
    }

    private void denoising(List<Demand> wanted, Cancellation cancellation) {
        for (Demand demand : wanted) {
            denoiser(demand, cancellation);
            controlNets(demand, cancellation);
        }
    }

    /** The denoiser for so many samples of this size, steered so; beside those of other calls of the same run. */
    Program denoiser(Demand wanted, Cancellation cancellation) {
        Program found = denoisers.find(wanted::isLike);
        if (found != null) {
            return found;
        }
        if (denoisers.haveOtherSize(wanted)) {
            closeDenoisers();
        }
        if (oneAtATime || decoder.haveOtherSize(wanted)) {
            decoder.close();
        }
        return denoisers.add(wanted, compile(graphs.denoiser(wanted), DENOISER, cancellation));
    }

    /** The ControlNets beside the denoiser of the same demand, which comes first; none if there are none. */
    @Nullable
    Program controlNets(Demand wanted, Cancellation cancellation) {
        ControlNetUse use = wanted.controlNets();
        if (use == null) {
            return null;
        }
        Program found = controlNets.find(wanted::isLike);
        if (found != null) {
            return found;
        }
        return controlNets.add(wanted, compile(graphs.controlNets(wanted, use), CONTROL_NETS, cancellation));
    }

    private Demand ofSize(int height, int width) {
        return new Demand(1, height, width, 1, textEncoders.length(), Steering.Kinds.NONE, null, UNetVariant.PLAIN);
    }

    /** The decoder for one picture of so many latents. */
    Program decoder(int height, int width, Cancellation cancellation) {
        Demand wanted = ofSize(height, width);
        Program found = decoder.find(wanted::isAsLargeAs);
        if (found != null) {
            return found;
        }
        decoder.close();
        if (oneAtATime || denoisers.haveOtherSize(wanted)) {
            closeDenoisers();
        }
        return decoder.add(wanted, compile(vae.decoder(height, width), DECODER, cancellation));
    }

    /** The decoder for one picture of so many latents. */
    Graph decoderGraph(int height, int width) {
        return vae.decoder(height, width);
    }

    /** The autoencoder's encoder for one picture of so many pixels. */
    Graph encoderGraph(int height, int width) {
        return vae.encoder(height, width);
    }

    /** A program that is run once before the denoiser's work, such as the autoencoder's encoder; the caller closes it. */
    Program passing(Graph graph, String part, Cancellation cancellation) {
        try {
            return beside(graph, part, cancellation);
        } catch (MemoryBudgetException e) {
            closeDenoisers(); // it has not begun, and is compiled again when it does
            return compile(graph, part, cancellation);
        }
    }

    /**
     * A decoder of another size for a moment, beside the denoiser at work; the caller closes it.
     *
     * @throws MemoryBudgetException if it does not fit, even in the place of the decoder that waits
     */
    Program passingDecoder(Shape latents, Cancellation cancellation) {
        return beside(
                new VaeGraphs(vae.vae(), 0).decoder(latents.dim(1), latents.dim(2)), PREVIEW_DECODER, cancellation);
    }

    /**
     * Another decoder for one picture of so many latents, beside the denoiser at work. It is kept for the next preview, until another program
     * needs its memory.
     *
     * @throws MemoryBudgetException if it does not fit, even in the place of the decoder that waits
     */
    Program previewDecoder(Autoencoder by, int height, int width, Cancellation cancellation) {
        Demand wanted = ofSize(height, width);
        Program found = previewDecoder.find(wanted::isAsLargeAs);
        if (found != null) {
            return found;
        }
        previewDecoder.close();
        return previewDecoder.add(
                wanted, beside(new VaeGraphs(by, 0).decoder(height, width), PREVIEW_DECODER, cancellation));
    }

    private Program beside(Graph graph, String part, Cancellation cancellation) {
        try {
            return compile(graph, part, cancellation);
        } catch (MemoryBudgetException e) {
            decoder.close(); // it is compiled again when the picture is due
            return compile(graph, part, cancellation);
        }
    }

    /** Height and width of the autoencoder's tiles in latents; 0 if it takes pictures whole. */
    int tile() {
        return vae.tile();
    }

    /** What all programs together may take. */
    MemoryBudget budget() {
        return budget;
    }

    /** The tiles that there are for pictures of so many latents. */
    VaeTiles tiles(int height, int width, boolean encodes) {
        return new VaeTiles(backend, vae.vae(), height, width, encodes);
    }

    /**
     * What programs would take, without making any.
     *
     * @param wanted in the calls of a run
     * @param tiles of the autoencoder
     * @param adapters run once before
     * @param preview bytes of the preview's decoder; 0 for none
     */
    MemoryFit fit(List<Demand> wanted, VaeTiles tiles, List<Graph> adapters, long preview) {
        return new MemoryFit(
                reserved + textEncoders.memory(),
                graphs.bytes(backend, wanted),
                graphs.bytes(backend, singles(wanted)),
                adapters.stream().map(this::bytes).toList(),
                preview,
                tiles);
    }

    /** What a graph's program would take. */
    private long bytes(Graph graph) {
        return backend.plan(graph).total();
    }

    /** What {@link #previewDecoder} would take. */
    long previewBytes(Autoencoder by, int height, int width) {
        return bytes(new VaeGraphs(by, 0).decoder(height, width));
    }

    /**
     * Finds out that graphs fit when they are run one at a time with nothing beside them but text encoders; nothing is made.
     *
     * @param part whose they are, for the message
     * @throws MemoryBudgetException if one does not
     */
    void requireAlone(List<Graph> once, String part) {
        for (Graph graph : once) {
            budget.require(part, reserved + textEncoders.memory() + bytes(graph));
        }
    }

    /** Leaves so much of the budget to others. */
    void reserve(long bytes) {
        reserved = bytes;
    }

    private long taken() {
        return reserved
                + textEncoders.memory()
                + denoisers.bytes()
                + controlNets.bytes()
                + decoder.bytes()
                + previewDecoder.bytes();
    }

    /** And the ControlNets beside them. */
    private void closeDenoisers() {
        denoisers.close();
        controlNets.close();
    }

    /** Frees all; what is asked for later is compiled again. */
    @Override
    public void close() {
        prepared = List.of();
        try {
            closeDenoisers();
            previewDecoder.close();
        } finally {
            decoder.close();
        }
    }
}
