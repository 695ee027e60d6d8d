package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.unet.Steering;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetInputs;
import dev.aquarelle.sd.vae.Autoencoder;
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

    /**
     * What programs are compiled for.
     *
     * @param samples that the denoiser sees at a time
     * @param height of the latents
     * @param width of the latents
     * @param looks of them at each picture
     * @param kinds of inputs that steer the denoiser
     * @param controlNets run beside the denoiser, if there are any
     */
    record Demand(
            int samples,
            int height,
            int width,
            int looks,
            Steering.Kinds kinds,
            @Nullable ControlNetUse controlNets) {
        static Demand of(Shape latents, int looks, Steerer steerer) {
            return new Demand(
                    looks * latents.dim(0),
                    latents.dim(1),
                    latents.dim(2),
                    looks,
                    steerer.kinds(),
                    steerer.controlNets());
        }

        boolean isAsLargeAs(Demand other) {
            return height == other.height && width == other.width;
        }

        /** Whether what was compiled for the other one serves this one: pictures and scales do not matter. */
        boolean isLike(Demand other) {
            return samples == other.samples && isAsLargeAs(other) && kinds.equals(other.kinds) && controlsLike(other);
        }

        private boolean controlsLike(Demand other) {
            ControlNetUse a = controlNets;
            ControlNetUse b = other.controlNets;
            if (a == null || b == null) {
                return a == null && b == null;
            }
            return a.nets().equals(b.nets()) && a.guessMode() == b.guessMode() && looks == other.looks;
        }
    }

    /** A program and what it was compiled for. */
    private record Compiled(Demand demand, Program program) {}

    private final Backend backend;
    private final MemoryBudget budget;
    private final TextEncoders textEncoders;
    private final UNet2DConditionModel unet;
    private final Autoencoder vae;
    private @Nullable Compiled denoiser;
    private @Nullable Compiled controlNets;
    private @Nullable Compiled decoder;
    private @Nullable Demand prepared;
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
        this.unet = unet;
        this.vae = vae;
    }

    /**
     * A program under what is left of a limit.
     *
     * @param part whose program it is, for the message
     * @param taken what other programs have of the limit
     * @throws MemoryBudgetException if it is too much, with the part, the whole need and the whole limit
     */
    static Program compile(Backend backend, Graph graph, String part, MemoryBudget limit, long taken) {
        try {
            return backend.compile(graph, limit.minus(taken));
        } catch (MemoryBudgetException e) {
            String who = taken == 0 ? part : "%s beside %.1f MiB of other programs".formatted(part, taken / 0x1p20);
            throw (MemoryBudgetException)
                    new MemoryBudgetException(who, e.needed() + taken, limit.bytes()).initCause(e);
        }
    }

    /**
     * Compiles what pictures of a size need, or finds out that it fits.
     *
     * @throws MemoryBudgetException if it does not fit even one at a time
     */
    void prepare(Demand wanted) {
        if (prepared != null && wanted.isLike(prepared)) {
            return;
        }
        prepared = null;
        oneAtATime = false;
        closeDenoiser();
        decoder(
                wanted.height(),
                wanted.width()); // it takes the most: what cannot be is refused before more is allocated
        try {
            denoising(wanted);
        } catch (MemoryBudgetException e) {
            oneAtATime = true;
            denoising(wanted);
        }
        prepared = wanted;
    }

    private void denoising(Demand wanted) {
        denoiser(wanted);
        controlNets(wanted);
    }

    /** The denoiser for so many samples of this size, steered so. */
    Program denoiser(Demand wanted) {
        Compiled found = denoiser;
        if (found != null && wanted.isLike(found.demand)) {
            return found.program;
        }
        closeDenoiser();
        if (decoder != null && (oneAtATime || !wanted.isAsLargeAs(decoder.demand))) {
            closeDecoder();
        }
        Program program = compile(backend, unet.graph(sizes(wanted), wanted.kinds()), DENOISER, budget, taken());
        denoiser = new Compiled(wanted, program);
        return program;
    }

    private UNetInputs.Sizes sizes(Demand wanted) {
        return new UNetInputs.Sizes(
                wanted.samples(), wanted.height(), wanted.width(), textEncoders.length(), textEncoders.pooledDim());
    }

    /** The ControlNets beside the denoiser of the same demand, which comes first; none if there are none. */
    @Nullable
    Program controlNets(Demand wanted) {
        ControlNetUse use = wanted.controlNets();
        if (use == null) {
            return null;
        }
        Compiled found = controlNets;
        if (found != null && wanted.isLike(found.demand)) {
            return found.program;
        }
        Program program = compile(backend, use.graph(sizes(wanted), wanted.looks()), CONTROL_NETS, budget, taken());
        controlNets = new Compiled(wanted, program);
        return program;
    }

    /** The decoder for one picture of so many latents. */
    Program decoder(int height, int width) {
        Demand wanted = new Demand(1, height, width, 1, Steering.Kinds.NONE, null);
        Compiled found = decoder;
        if (found != null && found.demand.isAsLargeAs(wanted)) {
            return found.program;
        }
        closeDecoder();
        if (denoiser != null && (oneAtATime || !denoiser.demand.isAsLargeAs(wanted))) {
            closeDenoiser();
        }
        Program program = compile(backend, decoderGraph(Shape.of(1, height, width)), DECODER, budget, taken());
        decoder = new Compiled(wanted, program);
        return program;
    }

    /** A program that is run once before the denoiser's work, such as the autoencoder's encoder; the caller closes it. */
    Program passing(Graph graph, String part) {
        try {
            return beside(graph, part);
        } catch (MemoryBudgetException e) {
            closeDenoiser(); // it has not begun, and is compiled again when it does
            return compile(backend, graph, part, budget, taken());
        }
    }

    /**
     * A decoder of another size for a moment, beside the denoiser at work; the caller closes it.
     *
     * @throws MemoryBudgetException if it does not fit, even in the place of the decoder that waits
     */
    Program passingDecoder(Shape latents) {
        return beside(decoderGraph(latents), "the preview's decoder");
    }

    private Program beside(Graph graph, String part) {
        try {
            return compile(backend, graph, part, budget, taken());
        } catch (MemoryBudgetException e) {
            closeDecoder(); // it is compiled again when the picture is due
            return compile(backend, graph, part, budget, taken());
        }
    }

    private Graph decoderGraph(Shape latents) {
        int channels = vae.latentChannels();
        return Graph.of(g -> vae.decode(
                g, vae.unscale(g, g.input("latents", latents.dim(0), latents.dim(1), latents.dim(2), channels))));
    }

    /** Leaves so much of the budget to others. */
    void reserve(long bytes) {
        reserved = bytes;
    }

    private long taken() {
        return reserved + textEncoders.memory() + bytes(denoiser) + bytes(controlNets) + bytes(decoder);
    }

    private static long bytes(@Nullable Compiled compiled) {
        return compiled == null ? 0 : compiled.program.memory().total();
    }

    private void closeDenoiser() {
        Compiled closing = denoiser;
        Compiled beside = controlNets;
        denoiser = null;
        controlNets = null;
        try {
            close(closing);
        } finally {
            close(beside);
        }
    }

    private static void close(@Nullable Compiled closing) {
        if (closing != null) {
            closing.program.close();
        }
    }

    private void closeDecoder() {
        Compiled closing = decoder;
        decoder = null;
        close(closing);
    }

    /** Frees all; what is asked for later is compiled again. */
    @Override
    public void close() {
        prepared = null;
        try {
            closeDenoiser();
        } finally {
            closeDecoder();
        }
    }
}
