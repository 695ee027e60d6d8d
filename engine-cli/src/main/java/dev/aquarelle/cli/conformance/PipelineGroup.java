package dev.aquarelle.cli.conformance;

import com.google.gson.JsonObject;
import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.checkpoint.ReplacedParts;
import dev.aquarelle.sd.control.ControlNetModel;
import dev.aquarelle.sd.control.ControlNets;
import dev.aquarelle.sd.pipeline.Conditioning;
import dev.aquarelle.sd.pipeline.ConditioningSchedule;
import dev.aquarelle.sd.pipeline.ControlNetUse;
import dev.aquarelle.sd.pipeline.DiffusionModel;
import dev.aquarelle.sd.pipeline.Guidance;
import dev.aquarelle.sd.pipeline.Latents;
import dev.aquarelle.sd.pipeline.MaskedContent;
import dev.aquarelle.sd.pipeline.NoiseSources;
import dev.aquarelle.sd.pipeline.Progress;
import dev.aquarelle.sd.pipeline.PromptEmbeds;
import dev.aquarelle.sd.pipeline.Sampling;
import dev.aquarelle.sd.pipeline.Start;
import dev.aquarelle.sd.pipeline.Starter;
import dev.aquarelle.sd.pipeline.Steerer;
import dev.aquarelle.sd.schedulers.NoiseSource;
import dev.aquarelle.sd.schedulers.RunOption;
import dev.aquarelle.sd.schedulers.RunOptions;
import dev.aquarelle.sd.schedulers.Scheduler;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import dev.aquarelle.sd.schedulers.Schedulers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Group 09: a prompt becomes a picture, from given start latents and with given noise. Compared are the embeddings and the latents after each
 * step, where a case has them, the final latents and the picture.
 */
final class PipelineGroup implements GoldenGroup {
    private static final String USUAL_MODEL = "models/sd15";
    private static final String SDXL_WORD = "ti_sdxl_info"; // no picture: what a file holds
    private static final String PER_STEP = "mid.latents_per_step";

    @Override
    public String name() {
        return "09_pipelines";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) throws IOException {
        if (golden.name().endsWith(SDXL_WORD)) {
            ModelAdapters.checkSdxlWord(golden, ModelFolders.source(golden, "models/sdxl"), check);
            return;
        }
        PipelineCall call = PipelineCall.of(golden.params());
        ModelSource own = source(golden);
        ModelSource source = ModelAdapters.adapt(golden, own);
        ModelAdapters.check(golden, source, check);
        ModelAdapters.checkWord(golden, own, check);
        try (DiffusionModel model = new DiffusionModel(source, backend, MemoryBudget.UNLIMITED)) {
            Guidance guidance = new Guidance(call.guidanceScale(), call.guidanceRescale());
            Conditioning told = conditioning(model, call, guidance, golden);
            checkEmbeds(golden, told.prompts().hiddenStates(), check);
            SchedulerRun run = run(golden, call);
            GivenNoise noise = new GivenNoise(golden);
            Start start = start(model, run, noise, call, golden);
            List<Integer> steps = new ArrayList<>();
            Tensor latents = model.sample(new Sampling(
                    run,
                    guidance,
                    ConditioningSchedule.constant(
                            start.channels() == null ? told : told.withChannels(start.channels())),
                    steerer(golden, call),
                    start.latents(),
                    start.edit(),
                    noise,
                    step -> {
                        steps.add(step.step());
                        checkStep(golden, step, check);
                    },
                    Cancellation.NEVER));
            check.equal("noise drawn", noise.drawn, noise.given());
            checkStepCount(golden, steps.size(), check);
            check.closeNhwc("latents", latents);
            List<Tensor> pictures = new ArrayList<>();
            model.decode(
                    latents, Cancellation.NEVER, picture -> pictures.add(Latents.concatenated(picture))); // copies it
            check.closeNhwc("image", Latents.concatenated(pictures.toArray(Tensor[]::new)));
        }
    }

    private static Steerer steerer(GoldenCase golden, PipelineCall call) {
        if (call.control() == null) {
            return Steerer.NONE;
        }
        ControlNetModel net = ControlNetModel.load(golden.model("models/controlnet"), golden.arena());
        Tensor picture = Latents.channelsLast(golden.in("image"));
        PipelineCall.Control control = call.control();
        return Steerer.of(new ControlNetUse(
                new ControlNets(List.of(net)),
                List.of(new ControlNetUse.Picture(picture, control.scale(), control.start(), control.end())),
                control.guessMode()));
    }

    private static ModelSource source(GoldenCase golden) throws IOException {
        ModelSource source = ModelFolders.source(golden, model(golden));
        return golden.params().has("unet")
                ? new ReplacedParts(
                        source,
                        Map.of("unet", golden.model(golden.params().get("unet").getAsString())))
                : source;
    }

    private static Conditioning conditioning(
            DiffusionModel model, PipelineCall call, Guidance guidance, GoldenCase golden) {
        PromptEmbeds positive = model.encode(call.prompts(), call.clipSkip(), Cancellation.NEVER);
        boolean sdxl = positive.pooled() != null;
        PromptEmbeds negative = sdxl && call.zeroNegative()
                ? positive.zeros()
                : model.encode(call.negativePrompts(), 0, Cancellation.NEVER);
        PromptEmbeds prompts = guidance.isOn() ? PromptEmbeds.concatenated(negative, positive) : positive;
        if (!sdxl) {
            return Conditioning.of(prompts);
        }
        Shape latents = golden.in("latents").shape();
        float[] ids = call.sdxl().timeIds(6, 8 * latents.dim(3), 8 * latents.dim(2), false);
        Tensor[] timeIds = new Tensor[prompts.hiddenStates().shape().dim(0)];
        Arrays.fill(timeIds, Tensor.of(ids, 1, ids.length));
        return new Conditioning(prompts, Latents.concatenated(timeIds), null, null);
    }

    /** Where a case gives the latents, they are the first noise; where it gives an image, the noise is in the order of its draws. */
    private static Start start(
            DiffusionModel model, SchedulerRun run, GivenNoise noise, PipelineCall call, GoldenCase golden) {
        if (golden.hasIn("latents")) {
            Tensor latents = Latents.channelsLast(golden.in("latents"));
            return new Starter(model, run, latents.shape(), NoiseSources.of(_ -> latents), Cancellation.NEVER)
                    .ofNoise();
        }
        Tensor image = Latents.channelsLast(golden.in("image"));
        Shape shape = model.latentShape(
                call.prompts().first().size(),
                image.shape().dim(1),
                image.shape().dim(2));
        Starter starter = new Starter(model, run, shape, NoiseSources.of(noise), Cancellation.NEVER);
        if (!golden.hasIn("mask_image")) {
            return starter.ofImage(image);
        }
        Tensor mask = Latents.channelsLast(golden.in("mask_image"));
        return starter.ofInpainting(image, mask, MaskedContent.ORIGINAL, call.strength() == 1, 2);
    }

    /** The model a case names, or whose folder's name is a word of the case's name; else the one that most cases are of. */
    private static String model(GoldenCase golden) throws IOException {
        return golden.params().has("model")
                ? golden.params().get("model").getAsString()
                : modelNamedBy(golden).orElse(USUAL_MODEL);
    }

    private static Optional<String> modelNamedBy(GoldenCase golden) throws IOException {
        List<String> words = List.of(golden.name().split("[/_]", -1));
        try (Stream<Path> folders = Files.list(golden.model("models"))) {
            return folders.filter(folder -> Files.exists(folder.resolve("model_index.json")))
                    .map(folder -> folder.getFileName().toString())
                    .filter(words::contains)
                    .map(folder -> "models/" + folder)
                    .findFirst();
        }
    }

    private static SchedulerRun run(GoldenCase golden, PipelineCall call) {
        JsonObject json = golden.params().getAsJsonObject("scheduler").deepCopy();
        json.add("_class_name", json.remove("cls"));
        SchedulerConfig config = SchedulerConfig.parse(golden.name(), json.toString());
        Scheduler scheduler = Schedulers.fromConfig(config.forStableDiffusion());
        int made = Math.min((int) (call.steps() * call.strength()), call.steps());
        RunOptions options = RunOptions.steps(call.steps()).startingAt(call.steps() - made);
        boolean takesEta = scheduler.options().contains(RunOption.ETA);
        return scheduler.start(takesEta ? options.with(RunOption.ETA, call.eta()) : options);
    }

    /** The case's noise, one draw after the other. */
    private static final class GivenNoise implements NoiseSource {
        private final GoldenCase golden;
        private int drawn;

        GivenNoise(GoldenCase golden) {
            this.golden = golden;
        }

        int given() {
            return Math.toIntExact(golden.data().names().stream()
                    .filter(name -> name.startsWith("in.noise."))
                    .count());
        }

        @Override
        public Tensor next(Shape shape) {
            return Latents.channelsLast(golden.in("noise." + drawn++));
        }
    }

    private static void checkEmbeds(GoldenCase golden, Tensor embeds, Check check) {
        if (golden.data().has("mid.prompt_embeds")) {
            check.close(
                    "mid.prompt_embeds", embeds, golden.data().get("mid.prompt_embeds"), golden.tolerance("embeds"));
        }
    }

    private static void checkStepCount(GoldenCase golden, int steps, Check check) {
        if (golden.data().has(PER_STEP)) {
            check.equal("steps", steps, golden.data().get(PER_STEP).shape().dim(0));
        }
    }

    private static void checkStep(GoldenCase golden, Progress progress, Check check) {
        Tensor all = golden.data().has(PER_STEP) ? golden.data().get(PER_STEP) : null;
        int call = progress.step() - 1;
        if (all != null && call < all.shape().dim(0)) {
            int[] dims = IntStream.of(all.shape().dims()).skip(1).toArray();
            check.close(
                    "%s[%d]".formatted(PER_STEP, call),
                    Latents.channelsFirst(progress.latents()),
                    all.slice(call, call + 1).reshape(dims),
                    golden.tolerance("per_step"));
        }
    }
}
