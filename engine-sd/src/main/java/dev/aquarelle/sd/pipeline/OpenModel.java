package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.schedulers.AlignYourSteps;
import dev.aquarelle.sd.schedulers.Schedule;
import dev.aquarelle.sd.schedulers.Scheduler;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import dev.aquarelle.sd.schedulers.Schedulers;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A model with what its files say beside the weights: its scheduler, its defaults, its idea of no negative prompt. */
final class OpenModel implements AutoCloseable {
    private static final List<String> PARTS = List.of("text_encoder", "text_encoder_2", "unet", "vae");

    private final ModelSource source;
    private final Backend backend;
    private final MemoryBudget budget;
    private final MemoryBudget limit;
    private final long taken;
    private final Models models;
    private final SchedulerConfig schedulerConfig;
    private final ModelDefaults defaults;
    private final boolean zeroNegative;
    private final boolean distilled;

    /**
     * @param backend not closed with the model
     * @param budget what programs may take
     * @param taken what another model takes of that, as long as this one is open
     * @param limit the user's, which does not depend on the machine
     * @param previewDecoder for its previews, if there is one
     */
    OpenModel(
            ModelSource source,
            Backend backend,
            MemoryBudget budget,
            long taken,
            MemoryBudget limit,
            @Nullable Path previewDecoder) {
        this.source = source;
        this.backend = backend;
        this.budget = budget;
        this.taken = taken;
        this.limit = limit;
        this.schedulerConfig = source.scheduler().forStableDiffusion();
        Models opened = new Models(source, backend, budget.minus(taken), previewDecoder);
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
        this.distilled = plain.guidanceDim() > 0;
    }

    Backend backend() {
        return backend;
    }

    /** What its programs and those of another model may take together with the weights that add-ons make of its own. */
    MemoryBudget wholeBudget() {
        return budget;
    }

    /** What its programs may take. */
    MemoryBudget budget() {
        return budget.minus(taken + copies());
    }

    /** Bytes of weights that the last request's add-ons made of the model's. */
    long copies() {
        return models.copies();
    }

    /** What another model takes beside this one. */
    long taken() {
        return taken;
    }

    /** What the user's limit leaves to programs of models. */
    MemoryBudget limit() {
        return limit.minus(copies());
    }

    /** Bytes of the weights that are mapped, those of add-ons not among them. */
    long weightBytes() {
        long bytes = 0;
        try (Arena mapped = Arena.ofConfined()) {
            for (String part : PARTS) {
                if (source.has(part)) {
                    Weights weights = source.weights(part, mapped);
                    bytes += weights.names().stream()
                            .mapToLong(name -> weights.info(name).bytes())
                            .sum();
                }
            }
        }
        return bytes;
    }

    ModelDefaults defaults() {
        return defaults;
    }

    /** As the last request had it. */
    DiffusionModel model() {
        return models.model();
    }

    /** Those of the last request. */
    OpenAddOns addOns() {
        return models.addOns();
    }

    /** Lays a request's add-ons over the model. */
    void use(AddOns asked) {
        models.use(asked);
    }

    Conditioner conditioner() {
        return new Conditioner(model(), zeroNegative);
    }

    /** Whether the model takes the guidance scale as an input. */
    boolean isDistilled() {
        return distilled;
    }

    /** A request's sampler for this model. */
    Scheduler scheduler(SettledRequest s) {
        String sampler = s.sampler();
        Schedule schedule = s.text().schedule();
        if (schedule != null) {
            AlignYourSteps family = model().sizeIds() > 0 ? AlignYourSteps.SDXL : AlignYourSteps.STABLE_DIFFUSION;
            return Schedulers.scheduled(sampler, schedulerConfig, schedule, family);
        }
        return sampler.isEmpty() ? Schedulers.fromConfig(schedulerConfig) : Schedulers.named(sampler, schedulerConfig);
    }

    /**
     * What the sampler is called in a picture's file.
     *
     * @param sampler its name; empty for the model's own
     * @param schedule apart from it, in place of one in its name
     */
    String samplerTitle(String sampler, @Nullable Schedule schedule) {
        if (sampler.isEmpty()) {
            return SamplerTitle.of(schedule == null ? schedulerConfig : Schedulers.withoutLayout(schedulerConfig));
        }
        return SamplerTitle.of(schedule == null ? sampler : Schedulers.withoutLayout(sampler));
    }

    /** The name to ask for, so that a picture with this title of a sampler is made again; null for what the model has. */
    @Nullable
    String samplerOf(String title, @Nullable Schedule schedule) {
        return title.equals(samplerTitle(defaults.sampler(), schedule)) ? null : title;
    }

    @Override
    public void close() {
        models.close();
    }
}
