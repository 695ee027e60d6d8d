package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.random.TorchCpuGenerator;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.checkpoint.FileHashes;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.schedulers.NoiseSource;
import dev.aquarelle.sd.schedulers.RunOptions;
import dev.aquarelle.sd.schedulers.Scheduler;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import dev.aquarelle.sd.schedulers.Schedulers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A model that makes pictures of prompts.
 *
 * <pre>{@code
 * try (StableDiffusion engine = StableDiffusion.load(Path.of("stable-diffusion-v1-5"))) {
 *     GeneratedImage apple = engine.generate(TextToImage.of("a red apple")).getFirst();
 *     apple.save(Path.of("apple.png"));
 * }
 * }</pre>
 *
 * <p>Safe for use from several threads: requests are served one after the other as they come, each with all threads of the backend. The same request
 * with the same seed gives the same picture on every machine, alone and in a batch.
 */
public final class StableDiffusion implements AutoCloseable {
    private final Turn turn = new Turn();
    private final Backend backend;
    private final ModelSource source;
    private final FileHashes hashes;
    private final Models models;
    private final SchedulerConfig schedulerConfig;
    private final ModelDefaults defaults;
    private final MemoryBudget limit;
    private final boolean zeroNegative;
    private final boolean followsInstructions;
    private final boolean distilled;
    private boolean closed;

    /** Closes the backend in the end, but not if it fails. */
    StableDiffusion(ModelSource source, Backend backend, EngineOptions options) {
        this.backend = backend;
        this.source = source;
        this.hashes = options.hashes();
        this.schedulerConfig = source.scheduler().forStableDiffusion();
        this.limit = options.memory();
        Models opened = new Models(source, backend, MachineMemory.limit(limit));
        DiffusionModel plain = opened.model();
        boolean loaded = false;
        try {
            this.defaults = ModelDefaults.read(source, plain.trainedWidth(), plain.trainedHeight());
            this.zeroNegative = source.index().bool("force_zeros_for_empty_prompt", plain.sizeIds() > 0);
            loaded = true;
        } finally {
            if (!loaded) {
                opened.close();
            }
        }
        this.models = opened;
        this.followsInstructions = plain.seesPicture();
        this.distilled = plain.guidanceDim() > 0;
    }

    /** {@link #load(Path, EngineOptions)} with the best backend there is. */
    public static StableDiffusion load(Path folder) {
        return load(folder, EngineOptions.DEFAULT);
    }

    /**
     * Opens a model: a folder in the layout of diffusers, or a checkpoint in one safetensors file. Weights are mapped, not read: it takes
     * milliseconds.
     *
     * @throws dev.aquarelle.sd.ModelException if it is neither, a part is missing, broken or of an unknown architecture
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a weight file is broken or lacks a tensor
     * @throws dev.aquarelle.ops.BackendException if there is no such backend or it cannot run here
     */
    public static StableDiffusion load(Path folder, EngineOptions options) {
        return load(ModelSource.open(folder), options);
    }

    /**
     * The same of a model that is open: one with parts from elsewhere, or of which the caller knows more than its file tells.
     *
     * @throws dev.aquarelle.sd.ModelException if a part is missing, broken or of an unknown architecture
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a weight file is broken or lacks a tensor
     * @throws dev.aquarelle.ops.BackendException if there is no such backend or it cannot run here
     */
    public static StableDiffusion load(ModelSource source, EngineOptions options) {
        Backend backend = Backends.open(options.backend(), options.backendOptions());
        boolean loaded = false;
        try {
            StableDiffusion engine = new StableDiffusion(source, backend, options);
            loaded = true;
            return engine;
        } finally {
            if (!loaded) {
                backend.close();
            }
        }
    }

    /** What a request that says nothing gets. */
    public ModelDefaults defaults() {
        return defaults;
    }

    /** Whether the model changes pictures as it is told, so that {@link InstructEdit} is for it. */
    public boolean followsInstructions() {
        return followsInstructions;
    }

    /** What the engine runs on, in a line. */
    public String description() {
        return "%s: %s".formatted(backend.name(), backend.description());
    }

    /** {@link #generate(PictureRequest, ProgressListener, Cancellation)}, unwatched. */
    public List<GeneratedImage> generate(PictureRequest request) {
        return generate(request, ProgressListener.NONE, Cancellation.NEVER);
    }

    /** {@link #generate(PictureRequest, ProgressListener, Cancellation)}, stopped by an interrupt alone. */
    public List<GeneratedImage> generate(PictureRequest request, ProgressListener listener) {
        return generate(request, listener, Cancellation.NEVER);
    }

    /**
     * Makes the pictures of a request, as many as its batch.
     *
     * @param listener told after each step
     * @param cancellation asked all the time; an interrupt of the thread stops the work too
     * @throws IllegalArgumentException if the request does not suit the model
     * @throws dev.aquarelle.sd.schedulers.SchedulerException if there is no such sampler or it cannot take so many steps
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if it takes more memory than it may; nothing has been done then
     * @throws dev.aquarelle.sd.ModelException if a part of the model gives numbers that are not finite; says which
     * @throws CancellationException if stopped, be it before its turn; the engine stays usable
     * @throws IllegalStateException if the engine is closed, or the listener of a request asks for another one
     */
    public List<GeneratedImage> generate(PictureRequest request, ProgressListener listener, Cancellation cancellation) {
        return inTurn(request, cancellation, s -> generate(s, listener, cancellation));
    }

    /**
     * What a request would take in memory. Nothing is computed; LoRAs and the like are opened.
     *
     * @throws IllegalArgumentException if the request does not suit the model
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if it takes more memory than it may; says what would do
     * @throws CancellationException if the thread is interrupted before its turn
     * @throws IllegalStateException if the engine is closed, or the listener of a request asks
     */
    public MemoryNeed plan(PictureRequest request) {
        return inTurn(request, Cancellation.NEVER, s -> {
            DiffusionModel model = models.model();
            Shape shape = model.latentShape(s.batch(), s.height(), s.width());
            PromptReader reader = PromptReader.of(s, new Conditioner(model, zeroNegative));
            Steersman steersman = new Steersman(model, models.addOns(), Cancellation.NEVER);
            return preparation(s, run(s).count(), shape, reader, steersman)
                    .need(MachineMemory.heapBytes(s, shape, reader.bytes()));
        });
    }

    private <T> T inTurn(PictureRequest request, Cancellation cancellation, Function<SettledRequest, T> work) {
        requireNoListener("ask for another picture");
        turn.await(cancellation);
        try {
            if (closed) {
                throw new IllegalStateException("the engine is closed");
            }
            models.use(PromptLoras.added(request.text()));
            return work.apply(SettledRequest.of(request, defaults, distilled));
        } finally {
            turn.end();
        }
    }

    /** The program that a listener is told about would be closed under it. */
    private void requireNoListener(String what) {
        if (turn.isMine()) {
            throw new IllegalStateException("a listener cannot %s while its own picture is made".formatted(what));
        }
    }

    private List<GeneratedImage> generate(SettledRequest s, ProgressListener listener, Cancellation cancellation) {
        SchedulerRun run = run(s);
        DiffusionModel model = models.model();
        Shape shape = model.latentShape(s.batch(), s.height(), s.width());
        PromptReader reader = PromptReader.of(s, new Conditioner(model, zeroNegative));
        Steersman steersman = new Steersman(model, models.addOns(), cancellation);
        int tile = preparation(s, run.count(), shape, reader, steersman).prepare();

        NoiseSource noise = Latents.source(LongStream.range(0, s.batch())
                .mapToObj(n -> new TorchCpuGenerator(s.seed() + n))
                .toList());
        Start start = start(s, new Starter(model, run, shape, noise, cancellation));
        Tensor latents = model.sample(new Sampling(
                run,
                s.guidance(),
                reader.schedule(run.count(), start.channels(), cancellation),
                steersman.of(s, shape.dim(1), shape.dim(2)),
                start.latents(),
                start.edit(),
                noise,
                listener,
                cancellation,
                s.text().shortcuts()));
        List<GeneratedImage> images = new ArrayList<>();
        model.decode(latents, cancellation, picture -> {
            int n = images.size();
            images.add(new GeneratedImage(Image.fromTensor(picture), parameters(s, tile, n), s.seed() + n));
        });
        return images;
    }

    /**
     * What will stand in the file of a request's first picture, without making it. A seed that was left open is another one each time.
     *
     * @throws java.io.UncheckedIOException if a file to be hashed cannot be read
     */
    public GenerationParameters parameters(PictureRequest request) {
        return inTurn(request, Cancellation.NEVER, s -> {
            DiffusionModel model = models.model();
            Shape shape = model.latentShape(s.batch(), s.height(), s.width());
            int tile = model.programs()
                    .tiles(shape.dim(1), shape.dim(2), s.image() != null)
                    .settle(s.text().vaeTiling(), limit);
            return parameters(s, tile, 0);
        });
    }

    private GenerationParameters parameters(SettledRequest s, int tile, int n) {
        SequencedMap<String, String> model = new LinkedHashMap<>();
        model.put(Replay.MODEL, defaults.name());
        source.putInto(model, hashes);
        String sampler = s.sampler().isEmpty() ? SamplerTitle.of(schedulerConfig) : SamplerTitle.of(s.sampler());
        return s.parameters(model, sampler, hashes, tile, n);
    }

    /** The name to ask for, so that a picture with this title of a sampler is made again; null for what the model has. */
    @Nullable
    String samplerOf(String title) {
        boolean own = defaults.sampler().isEmpty() && title.equals(SamplerTitle.of(schedulerConfig));
        return own ? null : title;
    }

    /**
     * Of a request that the model can serve.
     *
     * @param calls of the denoiser
     */
    private Preparation preparation(
            SettledRequest s, int calls, Shape shape, PromptReader reader, Steersman steersman) {
        DiffusionModel model = models.model();
        Fit.require(s, model);
        Steersman.requireFit(s, model, models.addOns());
        reader.requirePossible();
        s.text().shortcuts().requireSense(s);
        MachineMemory.requireHeap(s, shape, reader.bytes());
        List<Programs.Demand> demands = Denoiser.demands(
                shape,
                new CallPlan(s.text().shortcuts(), s.guidance().looks(), calls),
                reader.tokens(),
                steersman.kinds(s),
                steersman.controlNets(s.text().addOns()));
        return new Preparation(model, demands, s.image() != null, s.text().vaeTiling(), limit);
    }

    private static Start start(SettledRequest s, Starter starter) {
        return switch (s.request()) {
            case TextToImage _ -> starter.ofNoise();
            case ImageToImage to -> starter.ofImage(to.image().toTensor());
            case Inpaint inpaint ->
                starter.ofInpainting(
                        inpaint.image().toTensor(),
                        Masking.of(inpaint.mask()),
                        inpaint.strength() == 1,
                        s.guidance().looks());
            case InstructEdit edit ->
                starter.ofInstruction(edit.image().toTensor(), s.guidance().looks());
        };
    }

    private SchedulerRun run(SettledRequest s) {
        return scheduler(s.sampler()).start(RunOptions.steps(s.steps()).startingAt(s.firstStep()));
    }

    private Scheduler scheduler(String sampler) {
        return sampler.isEmpty() ? Schedulers.fromConfig(schedulerConfig) : Schedulers.named(sampler, schedulerConfig);
    }

    /**
     * Waits for the requests that were made before, then frees everything; later ones are refused.
     *
     * @throws IllegalStateException if a listener calls it
     */
    @Override
    public void close() {
        requireNoListener("close the engine");
        turn.awaitUninterruptibly();
        try {
            if (!closed) {
                closed = true;
                try (backend) {
                    models.close();
                }
            }
        } finally {
            turn.end();
        }
    }
}
