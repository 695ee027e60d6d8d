package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetInputs;
import dev.aquarelle.sd.vae.AutoencoderKL;
import org.jspecify.annotations.Nullable;

/**
 * The programs of the denoiser and the decoder, for one size at a time, within the budget that they share with the text encoder's. Where
 * the budget does not hold both of them, there is one at a time: each is compiled again when its turn comes.
 */
final class Programs implements AutoCloseable {
    static final String TEXT_ENCODER = "the text encoder";
    static final String DENOISER = "the denoiser";
    static final String DECODER = "the decoder";
    static final String ENCODER = "the autoencoder's encoder";

    /** A program and what it was compiled for: {@code [N, h, w]} of latents. */
    private record Compiled(Shape latents, Program program) {
        boolean isAsLargeAs(Shape other) {
            return latents.dim(1) == other.dim(1) && latents.dim(2) == other.dim(2);
        }
    }

    private final Backend backend;
    private final MemoryBudget budget;
    private final TextEncoders textEncoders;
    private final UNet2DConditionModel unet;
    private final AutoencoderKL vae;
    private @Nullable Compiled denoiser;
    private @Nullable Compiled decoder;
    private @Nullable Shape prepared;
    private boolean oneAtATime;

    /**
     * @param backend what compiles; not closed with the programs
     * @param budget what they may take together with the text encoder's
     */
    Programs(
            Backend backend,
            MemoryBudget budget,
            TextEncoders textEncoders,
            UNet2DConditionModel unet,
            AutoencoderKL vae) {
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
     * @param samples that the denoiser sees at a time
     * @throws MemoryBudgetException if it does not fit even one at a time
     */
    void prepare(int samples, Shape latents) {
        Shape wanted = Shape.of(samples, latents.dim(1), latents.dim(2));
        if (prepared != null && wanted.equals(prepared)) {
            return;
        }
        prepared = null;
        oneAtATime = false;
        closeDenoiser();
        decoder(latents); // it takes the most: what cannot be is refused before more is allocated
        try {
            denoiser(samples, latents);
        } catch (MemoryBudgetException e) {
            oneAtATime = true;
            denoiser(samples, latents);
        }
        prepared = wanted;
    }

    /** The denoiser for so many samples of this size. */
    Program denoiser(int samples, Shape latents) {
        Shape wanted = Shape.of(samples, latents.dim(1), latents.dim(2));
        Compiled found = denoiser;
        if (found != null && found.latents.equals(wanted)) {
            return found.program;
        }
        closeDenoiser();
        if (decoder != null && (oneAtATime || !decoder.isAsLargeAs(wanted))) {
            closeDecoder();
        }
        UNetInputs.Sizes sizes = new UNetInputs.Sizes(
                samples, latents.dim(1), latents.dim(2), textEncoders.length(), textEncoders.pooledDim());
        Program program = compile(backend, unet.graph(sizes), DENOISER, budget, taken());
        denoiser = new Compiled(wanted, program);
        return program;
    }

    /** The decoder for one picture of this size. */
    Program decoder(Shape latents) {
        Shape wanted = Shape.of(1, latents.dim(1), latents.dim(2));
        Compiled found = decoder;
        if (found != null && found.latents.equals(wanted)) {
            return found.program;
        }
        closeDecoder();
        if (denoiser != null && (oneAtATime || !denoiser.isAsLargeAs(wanted))) {
            closeDenoiser();
        }
        Program program = compile(backend, decoderGraph(wanted), DECODER, budget, taken());
        decoder = new Compiled(wanted, program);
        return program;
    }

    /**
     * A decoder of another size for a moment, beside the denoiser at work; the caller closes it.
     *
     * @throws MemoryBudgetException if it does not fit, even in the place of the decoder that waits
     */
    Program passingDecoder(Shape latents) {
        return passing(decoderGraph(latents), "the preview's decoder");
    }

    /**
     * An encoder for a moment, before the denoiser's work; the caller closes it.
     *
     * @param picture {@code [1, H, W, 3]}
     * @throws MemoryBudgetException if it does not fit, even in the place of those that wait
     */
    Program passingEncoder(Shape picture) {
        Graph graph = vae.encoderGraph(1, picture.dim(1), picture.dim(2));
        try {
            return passing(graph, ENCODER);
        } catch (MemoryBudgetException e) {
            closeDenoiser(); // it has not begun, and is compiled again when it does
            return compile(backend, graph, ENCODER, budget, taken());
        }
    }

    private Program passing(Graph graph, String part) {
        try {
            return compile(backend, graph, part, budget, taken());
        } catch (MemoryBudgetException e) {
            closeDecoder(); // it is compiled again when the picture is due
            return compile(backend, graph, part, budget, taken());
        }
    }

    private Graph decoderGraph(Shape latents) {
        int channels = vae.config().latentChannels();
        return Graph.of(g -> vae.decode(
                g, vae.unscale(g, g.input("latents", latents.dim(0), latents.dim(1), latents.dim(2), channels))));
    }

    private long taken() {
        return textEncoders.memory() + bytes(denoiser) + bytes(decoder);
    }

    private static long bytes(@Nullable Compiled compiled) {
        return compiled == null ? 0 : compiled.program.memory().total();
    }

    private void closeDenoiser() {
        Compiled closing = denoiser;
        denoiser = null;
        if (closing != null) {
            closing.program.close();
        }
    }

    private void closeDecoder() {
        Compiled closing = decoder;
        decoder = null;
        if (closing != null) {
            closing.program.close();
        }
    }

    /** Frees both. */
    @Override
    public void close() {
        try {
            closeDenoiser();
        } finally {
            closeDecoder();
        }
    }
}
