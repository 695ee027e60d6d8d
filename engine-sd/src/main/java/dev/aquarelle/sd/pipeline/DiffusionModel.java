package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.pipeline.TextEncoder.Use;
import dev.aquarelle.sd.schedulers.NoiseSource;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import dev.aquarelle.sd.schedulers.StepResult;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import dev.aquarelle.sd.vae.Autoencoder;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The three networks of a model on a backend, and the sampling loop over them. Programs are compiled for one size at a time and kept for
 * the next picture of that size. Not safe for use from several threads at once; {@link StableDiffusion} is.
 */
public final class DiffusionModel implements AutoCloseable {
    /** Original height and width, crop, target height and width; or the first four and a score. */
    private static final int BASE_IDS = 6;

    private static final int REFINER_IDS = 5;

    private final Arena arena;
    private final String where;
    private final TextEncoders textEncoders;
    private final UNet2DConditionModel unet;
    private final Autoencoder vae;
    private final Programs programs;
    private final Pace pace = new Pace(System::nanoTime);
    private final Previews previews;

    /**
     * Maps the weights of a model; nothing is computed yet.
     *
     * @param backend what runs the model; not closed with it
     * @param budget what all programs together may take beyond the mapped weights
     * @throws dev.aquarelle.sd.ModelException if a part is missing, broken or of an unknown architecture
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a weight file is broken or lacks a tensor
     */
    public DiffusionModel(ModelSource source, Backend backend, MemoryBudget budget) {
        this(source, backend, budget, null);
    }

    /**
     * The same with another decoder for previews.
     *
     * @param previewDecoder a tiny autoencoder's folder or file
     * @throws dev.aquarelle.sd.ModelException also if that is none, or not of the model's latents
     */
    @SuppressWarnings("MustBeClosedChecker") // closed with the model
    DiffusionModel(ModelSource source, Backend backend, MemoryBudget budget, @Nullable Path previewDecoder) {
        this.arena = Arena.ofShared();
        this.where = source.where("unet");
        TextEncoders encoders = null;
        boolean loaded = false;
        try {
            unet = UNet2DConditionModel.load(source.weights("unet", arena), UNetConfig.of(source.config("unet")));
            vae = Autoencoder.load(source.weights("vae", arena), source.config("vae"));
            Use use = unet.config().textTime() == null ? Use.STABLE_DIFFUSION : Use.SDXL;
            encoders = TextEncoders.load(source, use, arena, backend, budget);
            textEncoders = encoders;
            programs = new Programs(backend, budget, textEncoders, unet, vae);
            requireFit(source);
            previews = new Previews(
                    programs, vae, previewDecoder == null ? null : PreviewDecoder.load(previewDecoder, arena, vae));
            loaded = true;
        } finally {
            if (!loaded) {
                try (arena) {
                    close(encoders);
                }
            }
        }
    }

    private static void close(@Nullable TextEncoders encoders) {
        if (encoders != null) {
            encoders.close();
        }
    }

    /** The parts may each be sound and yet not belong together, or be made for something else than pictures of texts. */
    private void requireFit(ModelSource source) {
        UNetConfig denoiser = unet.config();
        int latents = vae.latentChannels();
        String folder = source.where("unet");
        if (denoiser.crossAttentionDim() != textEncoders.width()) {
            throw new ModelException("%s: the U-Net takes a text of width %d, the text encoder gives %d"
                    .formatted(folder, denoiser.crossAttentionDim(), textEncoders.width()));
        }
        if (channels() != 0 && !seesPicture() && !seesMask()) {
            throw new ModelException(
                    "%s: in_channels: expected %d latent channels, or with those of a picture %d, or of a mask too %d, found %d"
                            .formatted(folder, latents, 2 * latents, 2 * latents + 1, denoiser.inChannels()));
        }
        if (denoiser.outChannels() != latents) {
            throw new ModelException("%s: out_channels: expected %d, as the autoencoder has latent channels, found %d"
                    .formatted(folder, latents, denoiser.outChannels()));
        }
        if (denoiser.textTime() != null && sizeIds() != BASE_IDS && sizeIds() != REFINER_IDS) {
            throw new ModelException(
                    "%s: projection_class_embeddings_input_dim: expected %d or %d numbers beside the pooled text, found %d"
                            .formatted(folder, BASE_IDS, REFINER_IDS, sizeIds()));
        }
        if (vae.outChannels() != 3) {
            throw new ModelException("%s: out_channels: expected 3, red, green and blue, found %d"
                    .formatted(source.where("vae"), vae.outChannels()));
        }
    }

    /** Channels of the sample beside the latents: 0, those of a picture, or those and a mask. */
    private int channels() {
        return unet.config().inChannels() - vae.latentChannels();
    }

    /** What reads prompts. */
    TextEncoders textEncoders() {
        return textEncoders;
    }

    /** What the denoiser is. */
    UNetConfig unetConfig() {
        return unet.config();
    }

    /** Where the denoiser is from, for messages. */
    String where() {
        return where;
    }

    /**
     * The outputs of a program that is run once, before the denoiser's work.
     *
     * @param part whose it is, for messages
     */
    List<Tensor> once(Graph graph, String part, Cancellation cancellation, List<Tensor> inputs) {
        try (Program program = programs.passing(graph, part, cancellation)) {
            program.run(cancellation, inputs.toArray(Tensor[]::new));
            List<Tensor> outputs = new ArrayList<>();
            for (String name : graph.outputs().keySet()) {
                Tensor output = program.output(name);
                Finite.require(part, Finite.WEIGHTS, output);
                outputs.add(Latents.concatenated(output)); // copies it
            }
            return outputs;
        }
    }

    /** Whether the denoiser sees a mask and the picture around it: a model made for inpainting. */
    boolean seesMask() {
        return channels() == vae.latentChannels() + 1;
    }

    /** Whether the denoiser sees a whole picture: a model made for instructions. */
    boolean seesPicture() {
        return channels() == vae.latentChannels();
    }

    /** How many sizes the denoiser is told; 0 if it is not SDXL's. */
    int sizeIds() {
        UNetConfig.TextTime textTime = unet.config().textTime();
        return textTime == null ? 0 : UNetInputs.timeIds(textTime, textEncoders.pooledDim());
    }

    /** Width of the guidance embedding, in models distilled for one; else 0. */
    int guidanceDim() {
        return unet.config().timeCondProjDim();
    }

    /** Pixels of a picture for each latent, along a side. */
    public int scale() {
        return vae.scale();
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
        return Shape.of(batch, height / scale(), width / scale(), vae.latentChannels());
    }

    /**
     * What the denoiser attends to of prompts.
     *
     * @param clipSkip how many of the text encoder's last layers are left out
     */
    public PromptEmbeds encode(Prompts prompts, int clipSkip, Cancellation cancellation) {
        return textEncoders.encode("the prompt", prompts, clipSkip, cancellation);
    }

    /** What guidance leads away from: the same for negative prompts, of all layers, as in diffusers. */
    PromptEmbeds encodeNegative(Prompts prompts, Cancellation cancellation) {
        return textEncoders.encode("the negative prompt", prompts, 0, cancellation);
    }

    /**
     * Refuses prompts that the text encoder cannot take; computes nothing.
     *
     * @throws IllegalArgumentException if a prompt is too long to be one, or there are not so many layers to leave out
     */
    void requirePossible(Prompts prompts, int clipSkip) {
        textEncoders.requirePossible(prompts, clipSkip);
    }

    /** The programs, compiled or not. */
    Programs programs() {
        return programs;
    }

    /** Frees the programs but the text encoders'; they are compiled again when they are needed. */
    void release() {
        programs.close();
    }

    /** What the text encoders' programs take, as long as the model is open. */
    long textEncoderMemory() {
        return textEncoders.memory();
    }

    /** What the decoder of previews takes, for pictures of so many latents; 0 if the model has none of its own for them. */
    long previewMemory(int height, int width) {
        return previews.memory(height, width);
    }

    /** Leaves so many bytes of the budget to another model that is open beside this one. */
    void reserve(long bytes) {
        programs.reserve(bytes);
    }

    /** Channels of the latents. */
    int latentChannels() {
        return vae.latentChannels();
    }

    /**
     * From noise to clean latents {@code [N, h, w, C]}: the scheduler's calls of the denoiser one after the other.
     *
     * @throws ModelException if a call gives numbers that are not finite
     */
    public Tensor sample(Sampling s) {
        SchedulerRun run = s.run();
        Tensor latents = s.latents();
        List<Demand> demands = Denoiser.demands(
                latents.shape(),
                s.plan(),
                s.conditioning().at(0).tokens(),
                s.steerer().kinds(),
                s.steerer().controlNets());
        programs.prepare(demands, s.cancellation());
        previews.begin();
        Denoiser denoiser = new Denoiser(programs, s);
        Pace.Run paced = pace.begin(run.count(), denoiser.flops(latents.shape()), decoding(latents.shape()));
        for (int call = 0; call < run.count(); call++) {
            Tensor prediction = denoiser.predict(call, run.scaleModelInput(call, latents), run.timestep(call));
            StepResult result = run.step(call, prediction, latents, s.noise());
            latents = s.edit().after(call, result.prevSample());
            Finite.require("the sampler", Finite.SETTINGS, latents);
            Tensor clean = result.predOriginalSample() == null ? latents : result.predOriginalSample();
            paced.callDone();
            tell(
                    s.listener(),
                    new Progress(
                            call + 1,
                            run.count(),
                            paced.left(),
                            latents,
                            clean,
                            pictures -> previews.of(pictures, s.cancellation())));
        }
        return latents;
    }

    /** Operations that it takes to decode latents. */
    private double decoding(Shape latents) {
        return latents.dim(0) * decodingOne(latents);
    }

    private double decodingOne(Shape latents) {
        return Pace.flops(programs.decoderGraph(latents.dim(1), latents.dim(2)));
    }

    private static void tell(ProgressListener listener, Progress progress) {
        try {
            listener.onStep(progress);
        } finally {
            progress.end();
        }
    }

    /**
     * The picture of each of the latents {@code [N, h, w, C]}, one after the other.
     *
     * @param pictures given {@code [1, 8 h, 8 w, 3]}, about -1 to 1: a view that the next picture overwrites
     * @throws ModelException if a picture has numbers that are not finite
     */
    public void decode(Tensor latents, Cancellation cancellation, Consumer<Tensor> pictures) {
        Program program =
                programs.decoder(latents.shape().dim(1), latents.shape().dim(2), cancellation);
        double flops = decodingOne(latents.shape());
        for (int n = 0; n < latents.shape().dim(0); n++) {
            Tensor one = latents.slice(n, n + 1);
            Tensor picture = pace.decoding(flops, () -> program.run(cancellation, one));
            Finite.require(Programs.DECODER, Finite.WEIGHTS, picture);
            pictures.accept(picture);
        }
    }

    /**
     * What the autoencoder says of a picture, for {@link #latents} and {@link #likeliest}; a copy.
     *
     * @param picture {@code [1, H, W, 3]}, -1 to 1
     * @throws ModelException if the model has no encoder, or it gives numbers that are not finite
     */
    Tensor encodeImage(Tensor picture, Cancellation cancellation) {
        Graph graph =
                programs.encoderGraph(picture.shape().dim(1), picture.shape().dim(2));
        return once(graph, Programs.ENCODER, cancellation, List.of(picture)).getFirst();
    }

    /** Latents of encoded pictures in the denoiser's scale; noise is drawn if the autoencoder gives a distribution. */
    Tensor latents(Tensor encoded, NoiseSource noise) {
        return vae.latents(encoded, noise::next);
    }

    /** Whether {@link #latents} draws noise. */
    boolean drawsLatents() {
        return vae.drawsLatents();
    }

    /** The likeliest latents of encoded pictures, in the autoencoder's own scale. */
    Tensor likeliest(Tensor encoded) {
        return vae.likeliest(encoded);
    }

    /** Frees the programs and unmaps the weights. */
    @Override
    public void close() {
        try (arena;
                textEncoders) {
            programs.close();
        }
    }
}
