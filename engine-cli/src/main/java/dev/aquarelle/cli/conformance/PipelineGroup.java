package dev.aquarelle.cli.conformance;

import com.google.gson.JsonObject;
import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.pipeline.DiffusionModel;
import dev.aquarelle.sd.pipeline.Guidance;
import dev.aquarelle.sd.pipeline.Latents;
import dev.aquarelle.sd.pipeline.Progress;
import dev.aquarelle.sd.pipeline.Sampling;
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
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Group 09: a prompt becomes a picture, from given start latents and with given noise. Compared are the embeddings and the latents after each
 * step, where a case has them, the final latents and the picture.
 */
final class PipelineGroup implements GoldenGroup {
    private static final String USUAL_MODEL = "models/sd15";
    private static final String PER_STEP = "mid.latents_per_step";
    private static final String SUPPORTED = "StableDiffusionPipeline";

    @Override
    public String name() {
        return "09_pipelines";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) throws IOException {
        PipelineCall call = PipelineCall.of(golden.params());
        if (!golden.hasIn("latents") || golden.hasIn("image")) {
            throw new UnsupportedCaseException("pipelines that start from an image");
        }
        String folder = model(golden);
        String pipeline = Json.readObject(golden.model(folder + "/model_index.json"))
                .get("_class_name")
                .getAsString();
        if (!pipeline.equals(SUPPORTED)) {
            throw new UnsupportedCaseException(pipeline.contains("XL") ? "SDXL" : pipeline);
        }
        ModelSource source = ModelFolders.source(golden, folder);
        try (DiffusionModel model = new DiffusionModel(source, backend, MemoryBudget.UNLIMITED)) {
            Guidance guidance = new Guidance(call.guidanceScale(), call.guidanceRescale());
            Tensor embeds = model.encode(call.prompts(), call.clipSkip(), Cancellation.NEVER);
            if (guidance.isOn()) {
                embeds = Latents.concatenated(model.encode(call.negativePrompts(), 0, Cancellation.NEVER), embeds);
            }
            checkEmbeds(golden, embeds, check);
            SchedulerRun run = run(golden, call);
            GivenNoise noise = new GivenNoise(golden);
            List<Integer> steps = new ArrayList<>();
            Tensor latents = model.sample(new Sampling(
                    run,
                    guidance,
                    embeds,
                    run.initialLatents(Latents.channelsLast(golden.in("latents"))),
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

    /** The model a case names, or whose folder's name is a word of the case's name; else the one that most cases are of. */
    private static String model(GoldenCase golden) throws IOException {
        return golden.params().has("model")
                ? golden.params().get("model").getAsString()
                : modelNamedBy(golden).orElse(USUAL_MODEL);
    }

    private static Optional<String> modelNamedBy(GoldenCase golden) throws IOException {
        List<String> words = List.of(golden.name().split("[/_]", -1));
        try (Stream<Path> folders = Files.list(golden.model("models"))) {
            return folders.map(folder -> folder.getFileName().toString())
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
        RunOptions options = RunOptions.steps(call.steps());
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
