package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.checkpoint.FileHashes;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.schedulers.Schedule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
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
    private final @Nullable Path previewDecoder;
    private final OpenModel base;
    private final boolean followsInstructions;
    private @Nullable OpenRefiner refiner;
    private boolean closed;

    /** The second model of the last request, if it had one. */
    private record OpenRefiner(Path file, OpenModel model) {}

    /** Closes the backend in the end, but not if it fails. */
    StableDiffusion(ModelSource source, Backend backend, EngineOptions options) {
        this.backend = backend;
        this.source = source;
        this.hashes = options.hashes();
        this.previewDecoder = options.previewDecoder();
        this.base = new OpenModel(
                source, backend, MachineMemory.limit(options.memory()), 0, options.memory(), previewDecoder);
        this.followsInstructions = base.model().seesPicture();
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
        return base.defaults();
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
     * @throws java.io.UncheckedIOException if a file whose hash the parameters tell cannot be read; nothing has been done then
     * @throws CancellationException if stopped, be it before its turn; the engine stays usable
     * @throws IllegalStateException if the engine is closed, or the listener of a request asks for another one
     */
    public List<GeneratedImage> generate(PictureRequest request, ProgressListener listener, Cancellation cancellation) {
        return inTurn(request, cancellation, s -> generate(s, listener, cancellation));
    }

    /**
     * What a request would take in memory. Nothing is computed; LoRAs and the like are opened. Of a request that is made in two passes both
     * are looked at, and the larger one is told.
     *
     * @throws IllegalArgumentException if the request does not suit the model
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if it takes more memory than it may; says what would do
     * @throws CancellationException if the thread is interrupted before its turn
     * @throws IllegalStateException if the engine is closed, or the listener of a request asks
     */
    public MemoryNeed plan(PictureRequest request) {
        return inTurn(
                request, Cancellation.NEVER, s -> passes(s, Cancellation.NEVER).need());
    }

    private <T> T inTurn(PictureRequest request, Cancellation cancellation, Function<SettledRequest, T> work) {
        requireNoListener("ask for another picture");
        turn.await(cancellation);
        try {
            if (closed) {
                throw new IllegalStateException("the engine is closed");
            }
            base.use(PromptLoras.added(request.text()));
            keepRefiner(request instanceof Refined refined ? refined.refiner() : null);
            return work.apply(SettledRequest.of(request, base.defaults(), base.isDistilled()));
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

    /** Opens the second model, if it is not open, and closes one that is not asked for. */
    private void keepRefiner(@Nullable Path asked) {
        OpenRefiner found = refiner;
        long taken = base.model().textEncoderMemory() + base.copies();
        if (found != null && !(found.file.equals(asked) && found.model.taken() == taken)) {
            refiner = null;
            found.model.close();
        }
        if (asked != null && refiner == null) {
            base.model().release(); // so that there is room for its text encoders
            refiner = new OpenRefiner(
                    asked,
                    new OpenModel(
                            ModelSource.open(asked), backend, base.wholeBudget(), taken, base.limit(), previewDecoder));
        }
    }

    private List<GeneratedImage> generate(SettledRequest s, ProgressListener listener, Cancellation cancellation) {
        Passes passes = passes(s, cancellation);
        passes.require();
        Pass last = passes.last();
        int tile = last.tile();
        List<GenerationParameters> parameters = IntStream.range(0, s.batch())
                .mapToObj(n -> parameters(s, tile, n))
                .toList(); // before the work, which a file that cannot be read would lose
        Tensor latents = passes.make(listener);
        DiffusionModel model = last.open().model();
        UnaryOperator<Image> finish = s.finish();
        List<GeneratedImage> images = new ArrayList<>();
        model.decode(latents, cancellation, decoded -> {
            int n = images.size();
            images.add(new GeneratedImage(finish.apply(Image.fromTensor(decoded)), parameters.get(n), s.seed(n)));
        });
        if (last.open() != base) {
            model.release(); // to make room for the next picture's first pass
        }
        return images;
    }

    private Passes passes(SettledRequest s, Cancellation cancellation) {
        return switch (s.request()) {
            case HiresFix hires -> new HiresPasses(base, s, hires, cancellation);
            case Refined refined ->
                new RefinedPasses(base, Objects.requireNonNull(refiner).model, s, refined, cancellation);
            case TextToImage _, ImageToImage _, Inpaint _, Outpaint _, InstructEdit _ ->
                OnePass.of(base, s, cancellation);
        };
    }

    /**
     * What will stand in the file of a request's first picture, without making it. A seed that was left open is another one each time.
     *
     * @throws java.io.UncheckedIOException if a file to be hashed cannot be read
     */
    public GenerationParameters parameters(PictureRequest request) {
        return inTurn(
                request,
                Cancellation.NEVER,
                s -> parameters(s, passes(s, Cancellation.NEVER).last().tile(), 0));
    }

    private GenerationParameters parameters(SettledRequest s, int tile, int n) {
        SequencedMap<String, String> model = new LinkedHashMap<>();
        model.put(Replay.MODEL, base.defaults().name());
        source.putInto(model, hashes);
        return s.parameters(model, base.samplerTitle(s.sampler(), s.text().schedule()), hashes, tile, n);
    }

    /** The name to ask for, so that a picture with this title of a sampler is made again; null for what the model has. */
    @Nullable
    String samplerOf(String title, @Nullable Schedule schedule) {
        return base.samplerOf(title, schedule);
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
                try (backend;
                        base) {
                    keepRefiner(null);
                }
            }
        } finally {
            turn.end();
        }
    }
}
