package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import dev.aquarelle.sd.schedulers.StepResult;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetInputs;
import dev.aquarelle.sd.vae.AutoencoderKL;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The three networks of a model on a backend, and the sampling loop over them. Programs are compiled for one size at a time and kept for
 * the next picture of that size. Not safe for use from several threads at once; {@link StableDiffusion} is.
 */
public final class DiffusionModel implements AutoCloseable {

    /** A program and what it was compiled for: {@code [N, h, w]} of latents. */
    private record Compiled(Shape latents, Program program) {}

    private final Arena arena;
    private final Backend backend;
    private final MemoryBudget budget;
    private final TextEncoder textEncoder;
    private final UNet2DConditionModel unet;
    private final AutoencoderKL vae;
    private @Nullable Compiled denoiser;
    private @Nullable Compiled decoder;
    private @Nullable LatentPreview preview;

    /**
     * Maps the weights of a model's folder; nothing is computed yet.
     *
     * @param backend what runs the model; not closed with it
     * @param budget what all programs together may take beyond the mapped weights
     * @throws dev.aquarelle.sd.ModelException if a part is missing, broken or of an unknown architecture
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a weight file is broken or lacks a tensor
     */
    public DiffusionModel(Path folder, Backend backend, MemoryBudget budget) {
        this(folder::resolve, backend, budget);
    }

    /** A model put together of parts from several places: {@code part} says in which folder {@code unet} is, and so on. */
    @SuppressWarnings("MustBeClosedChecker") // closed with the model
    public DiffusionModel(Function<String, Path> part, Backend backend, MemoryBudget budget) {
        this.backend = backend;
        this.budget = budget;
        this.arena = Arena.ofShared();
        boolean loaded = false;
        try {
            textEncoder = TextEncoder.load(part, arena, backend, budget);
            unet = UNet2DConditionModel.load(part.apply("unet"), arena);
            vae = AutoencoderKL.load(part.apply("vae"), arena);
            requireFit(part.apply("unet"));
            loaded = true;
        } finally {
            if (!loaded) {
                arena.close();
            }
        }
    }

    /** The parts may each be sound and yet not belong together. */
    private void requireFit(Path folder) {
        if (unet.config().crossAttentionDim() != textEncoder.width()) {
            throw new ModelException("%s: the U-Net takes a text of width %d, the text encoder gives %d"
                    .formatted(folder, unet.config().crossAttentionDim(), textEncoder.width()));
        }
        if (unet.config().inChannels() != vae.config().latentChannels()
                || unet.config().textTime() != null) {
            throw new ModelException(
                    "%s: expected a text-to-image U-Net over %d latent channels, found one that takes %d channels%s"
                            .formatted(
                                    folder,
                                    vae.config().latentChannels(),
                                    unet.config().inChannels(),
                                    unet.config().textTime() == null ? "" : " and a pooled text"));
        }
    }

    /** Pixels of a picture for each latent, along a side. */
    public int scale() {
        return vae.config().scale();
    }

    /** Width of the pictures the model was trained on, in pixels. */
    int trainedWidth() {
        return unet.config().sampleWidth() * scale();
    }

    /** Height of the pictures the model was trained on, in pixels. */
    int trainedHeight() {
        return unet.config().sampleHeight() * scale();
    }

    /**
     * The latents of {@code batch} pictures of so many pixels: {@code [N, h, w, C]}.
     *
     * @throws IllegalArgumentException if a side is no multiple of {@link #scale}
     */
    public Shape latentShape(int batch, int height, int width) {
        if (height % scale() != 0 || width % scale() != 0) {
            throw new IllegalArgumentException(
                    "size: expected multiples of %d for this model, found %d x %d".formatted(scale(), width, height));
        }
        return Shape.of(batch, height / scale(), width / scale(), vae.config().latentChannels());
    }

    /**
     * Hidden states of prompts {@code [N, 77, width]}.
     *
     * @param clipSkip how many of the text encoder's last layers are left out
     */
    public Tensor encode(List<String> prompts, int clipSkip, Cancellation cancellation) {
        return textEncoder.encode(prompts, clipSkip, cancellation);
    }

    /**
     * Compiles what pictures of this size need, before any work on them.
     *
     * @param samples that the denoiser sees at a time: with guidance two for each picture
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if they take more memory than there is
     */
    public void prepare(int samples, Shape latents) {
        Compiled last =
                decoder(latents, budget); // it takes the most: what cannot be is refused before anything is allocated
        denoiser(samples, latents, budget.minus(last.program.memory().total()));
    }

    /** From noise to clean latents {@code [N, h, w, C]}: the scheduler's calls of the denoiser one after the other. */
    public Tensor sample(Sampling s) {
        SchedulerRun run = s.run();
        Tensor latents = s.latents();
        int samples = latents.shape().dim(0) * (s.guidance().isOn() ? 2 : 1);
        Program program = denoiser(samples, latents.shape(), budget).program;
        float[] timesteps = new float[samples];
        for (int call = 0; call < run.count(); call++) {
            Arrays.fill(timesteps, run.timestep(call));
            Tensor input = repeated(run.scaleModelInput(call, latents), samples);
            Tensor output = program.run(s.cancellation(), input, Tensor.of(timesteps, samples), s.promptEmbeds());
            Tensor prediction = s.guidance().isOn() ? s.guidance().combine(output) : output;
            StepResult result = run.step(call, prediction, latents, s.noise());
            latents = result.prevSample();
            Tensor clean = result.predOriginalSample() == null ? latents : result.predOriginalSample();
            s.listener().onStep(new Progress(call + 1, run.count(), latents, clean, this::preview));
        }
        return latents;
    }

    /** The picture of each of the latents {@code [N, h, w, C]}: {@code [1, 8 h, 8 w, 3]} each, about -1 to 1, on the heap. */
    public List<Tensor> decode(Tensor latents, Cancellation cancellation) {
        Program program = decoder(latents.shape(), budget).program;
        return IntStream.range(0, latents.shape().dim(0))
                .mapToObj(n -> {
                    Tensor picture = program.run(cancellation, latents.slice(n, n + 1));
                    return Tensor.of(picture.toFloatArray(), picture.shape().dims());
                })
                .toList();
    }

    private List<Image> preview(Tensor latents) {
        if (preview == null) {
            preview = LatentPreview.fit(vae.config().latentChannels(), patches -> {
                Shape shape = patches.shape();
                try (Program program = backend.compile(vae.decoderGraph(1, shape.dim(1), shape.dim(2)))) {
                    Tensor picture = program.run(unscaled(patches));
                    return Tensor.of(picture.toFloatArray(), picture.shape().dims());
                }
            });
        }
        return preview.of(latents);
    }

    private Tensor unscaled(Tensor latents) {
        float[] values = latents.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = values[i] / vae.config().scalingFactor() + vae.config().shiftFactor();
        }
        return Tensor.of(values, latents.shape().dims());
    }

    private Compiled denoiser(int samples, Shape latents, MemoryBudget left) {
        Shape wanted = Shape.of(samples, latents.dim(1), latents.dim(2));
        if (denoiser == null || !denoiser.latents.equals(wanted)) {
            close(denoiser);
            denoiser = null;
            UNetInputs.Sizes sizes =
                    new UNetInputs.Sizes(samples, latents.dim(1), latents.dim(2), textEncoder.length());
            denoiser = new Compiled(wanted, backend.compile(unet.graph(sizes), left));
        }
        return denoiser;
    }

    private Compiled decoder(Shape latents, MemoryBudget left) {
        Shape wanted = Shape.of(1, latents.dim(1), latents.dim(2));
        if (decoder == null || !decoder.latents.equals(wanted)) {
            close(decoder);
            decoder = null;
            Program program = backend.compile(
                    Graph.of(g -> vae.decode(
                            g, vae.unscale(g, g.input("latents", 1, latents.dim(1), latents.dim(2), latents.last())))),
                    left);
            decoder = new Compiled(wanted, program);
        }
        return decoder;
    }

    private static Tensor repeated(Tensor x, int samples) {
        if (x.shape().dim(0) == samples) {
            return x;
        }
        float[] once = x.toFloatArray();
        float[] twice = Arrays.copyOf(once, 2 * once.length);
        System.arraycopy(once, 0, twice, once.length, once.length);
        int[] dims = x.shape().dims();
        dims[0] = samples;
        return Tensor.of(twice, dims);
    }

    private static void close(@Nullable Compiled compiled) {
        if (compiled != null) {
            compiled.program.close();
        }
    }

    /** Frees the programs and unmaps the weights. */
    @Override
    public void close() {
        close(denoiser);
        close(decoder);
        textEncoder.close();
        arena.close();
    }
}
