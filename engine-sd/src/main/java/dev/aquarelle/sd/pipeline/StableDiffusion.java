package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.random.TorchCpuGenerator;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.schedulers.Scheduler;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import dev.aquarelle.sd.schedulers.Schedulers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.LongStream;

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
 * <p>Safe for use from several threads: requests are served one after the other, each with all threads of the backend. The same request
 * with the same seed gives the same picture on every machine, alone and in a batch.
 */
public final class StableDiffusion implements AutoCloseable {
    private static final long LARGEST_CHOSEN_SEED = 0xFFFF_FFFFL; // all that torch's CPU generator takes of a seed

    private final ReentrantLock turn = new ReentrantLock(true);
    private final ModelFolder folder;
    private final Backend backend;
    private final DiffusionModel model;
    private final SchedulerConfig schedulerConfig;
    private final ModelDefaults defaults;
    private boolean closed;

    private StableDiffusion(ModelFolder folder, Backend backend, EngineOptions options) {
        this.folder = folder;
        this.backend = backend;
        this.schedulerConfig = SchedulerConfig.read(folder.part("scheduler")).forStableDiffusion();
        this.model = new DiffusionModel(folder.path(), backend, MachineMemory.limit(options.memory()));
        this.defaults = ModelDefaults.read(folder.path(), model.trainedWidth(), model.trainedHeight());
    }

    /** {@link #load(Path, EngineOptions)} with the best backend there is. */
    public static StableDiffusion load(Path folder) {
        return load(folder, EngineOptions.DEFAULT);
    }

    /**
     * Opens a model in the layout of diffusers. Weights are mapped, not read: it takes milliseconds.
     *
     * @throws dev.aquarelle.sd.ModelException if it is no such folder, a part is missing, broken or of an unknown architecture
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a weight file is broken or lacks a tensor
     * @throws dev.aquarelle.ops.BackendException if there is no such backend or it cannot run here
     */
    public static StableDiffusion load(Path folder, EngineOptions options) {
        ModelFolder checked = ModelFolder.open(folder);
        Backend backend = Backends.open(options.backend(), options.backendOptions());
        boolean loaded = false;
        try {
            StableDiffusion engine = new StableDiffusion(checked, backend, options);
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

    /** What the engine runs on, in a line. */
    public String description() {
        return "%s: %s".formatted(backend.name(), backend.description());
    }

    /** {@link #generate(TextToImage, ProgressListener, Cancellation)}, unwatched. */
    public List<GeneratedImage> generate(TextToImage request) {
        return generate(request, ProgressListener.NONE, Cancellation.NEVER);
    }

    /** {@link #generate(TextToImage, ProgressListener, Cancellation)}, stopped by an interrupt alone. */
    public List<GeneratedImage> generate(TextToImage request, ProgressListener listener) {
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
     * @throws CancellationException if stopped; the engine stays usable
     * @throws IllegalStateException if the engine is closed
     */
    public List<GeneratedImage> generate(TextToImage request, ProgressListener listener, Cancellation cancellation) {
        try {
            turn.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (CancellationException)
                    new CancellationException("interrupted while another request was served").initCause(e);
        }
        try {
            if (closed) {
                throw new IllegalStateException("the engine is closed");
            }
            return generate(Settled.of(request, defaults), listener, cancellation);
        } finally {
            turn.unlock();
        }
    }

    /** A request with everything that it left open. */
    private record Settled(
            TextToImage request, int width, int height, int steps, Guidance guidance, String sampler, long seed) {
        static Settled of(TextToImage request, ModelDefaults defaults) {
            double scale = request.guidanceScale() == null ? defaults.guidance() : request.guidanceScale();
            return new Settled(
                    request,
                    request.width() == null ? defaults.width() : request.width(),
                    request.height() == null ? defaults.height() : request.height(),
                    request.steps() == null ? defaults.steps() : request.steps(),
                    new Guidance(scale, request.guidanceRescale()),
                    request.sampler() == null ? defaults.sampler() : request.sampler(),
                    request.seed() == null
                            ? ThreadLocalRandom.current().nextLong(LARGEST_CHOSEN_SEED + 1)
                            : request.seed());
        }
    }

    private List<GeneratedImage> generate(Settled s, ProgressListener listener, Cancellation cancellation) {
        int batch = s.request.batch();
        Scheduler scheduler = scheduler(s.sampler);
        SchedulerRun run = scheduler.start(s.steps);
        Shape shape = model.latentShape(batch, s.height, s.width);
        model.prepare(s.guidance.isOn() ? 2 * batch : batch, shape);

        List<TorchCpuGenerator> generators = LongStream.range(0, batch)
                .mapToObj(n -> new TorchCpuGenerator(s.seed + n))
                .toList();
        Tensor noise = Latents.noise(generators, shape);
        Sampling sampling = new Sampling(
                run,
                s.guidance,
                promptEmbeds(s, cancellation),
                run.initialLatents(noise),
                Latents.source(generators),
                listener,
                cancellation);
        List<Tensor> pictures = model.decode(model.sample(sampling), cancellation);
        List<GeneratedImage> images = new ArrayList<>();
        for (int n = 0; n < batch; n++) {
            images.add(new GeneratedImage(
                    Image.fromTensor(pictures.get(n)), parameters(s, scheduler, s.seed + n), s.seed + n));
        }
        return images;
    }

    private Scheduler scheduler(String sampler) {
        return sampler.isEmpty() ? Schedulers.fromConfig(schedulerConfig) : Schedulers.named(sampler, schedulerConfig);
    }

    /** Negative prompts first, if they have a say; clip skip is for the prompt alone, as in diffusers. */
    private Tensor promptEmbeds(Settled s, Cancellation cancellation) {
        int batch = s.request.batch();
        Tensor positive =
                model.encode(Collections.nCopies(batch, s.request.prompt()), s.request.clipSkip(), cancellation);
        if (!s.guidance.isOn()) {
            return positive;
        }
        Tensor negative = model.encode(Collections.nCopies(batch, s.request.negativePrompt()), 0, cancellation);
        return concatenated(negative, positive);
    }

    private static Tensor concatenated(Tensor a, Tensor b) {
        float[] all = Arrays.copyOf(
                a.toFloatArray(), Math.toIntExact(a.shape().size() + b.shape().size()));
        System.arraycopy(
                b.toFloatArray(),
                0,
                all,
                Math.toIntExact(a.shape().size()),
                Math.toIntExact(b.shape().size()));
        int[] dims = a.shape().dims();
        dims[0] += b.shape().dim(0);
        return Tensor.of(all, dims);
    }

    private GenerationParameters parameters(Settled s, Scheduler scheduler, long seed) {
        SequencedMap<String, String> values = new LinkedHashMap<>();
        values.put("Steps", Integer.toString(s.steps));
        values.put("Sampler", SamplerTitle.of(s.sampler.isEmpty() ? scheduler.name() : s.sampler));
        values.put("CFG scale", number(s.guidance.scale()));
        values.put("Seed", Long.toString(seed));
        values.put("Size", s.width + "x" + s.height);
        values.put("Model", folder.name());
        if (s.guidance.rescale() > 0) {
            values.put("Guidance rescale", number(s.guidance.rescale()));
        }
        if (s.request.clipSkip() > 0) {
            values.put("Clip skip", Integer.toString(s.request.clipSkip() + 1)); // the web UI counts from 1
        }
        values.put("Version", "Aquarelle");
        return new GenerationParameters(s.request.prompt(), s.request.negativePrompt(), values);
    }

    private static String number(double x) {
        return x == Math.rint(x) && Math.abs(x) < 1e9 ? Long.toString((long) x) : Double.toString(x);
    }

    /** Waits for the request being served, then frees everything; later requests are refused. */
    @Override
    public void close() {
        turn.lock();
        try {
            if (!closed) {
                closed = true;
                model.close();
                backend.close();
            }
        } finally {
            turn.unlock();
        }
    }
}
