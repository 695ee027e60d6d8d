package dev.aquarelle.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.sd.schedulers.NoiseSchedule;
import dev.aquarelle.sd.schedulers.NoiseSource;
import dev.aquarelle.sd.schedulers.RunOption;
import dev.aquarelle.sd.schedulers.RunOptions;
import dev.aquarelle.sd.schedulers.Scheduler;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import dev.aquarelle.sd.schedulers.Schedulers;
import dev.aquarelle.sd.schedulers.StepResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Group 08: tables of noise schedules, and whole runs of schedulers with the model's outputs and the noise given. A run's parameters are
 * a scheduler's class and configuration, what {@code set_timesteps} and {@code step} were called with, and the step it starts at.
 */
final class SchedulersGroup implements GoldenGroup {

    @Override
    public String name() {
        return "08_schedulers";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) {
        if (golden.params().has("scheduler")) {
            checkRun(golden, check);
        } else {
            checkTables(golden, check);
        }
    }

    private static void checkTables(GoldenCase golden, Check check) {
        JsonObject config = golden.params().deepCopy();
        config.addProperty("_class_name", "DDIMScheduler");
        NoiseSchedule schedule = Schedulers.fromConfig(SchedulerConfig.parse(golden.name(), config.toString()))
                .schedule();
        float[] betas = schedule.betas();
        float[] alphasCumprod = schedule.alphasCumprod();
        check.close("betas", Tensor.of(betas, betas.length));
        check.close("alphas_cumprod", Tensor.of(alphasCumprod, alphasCumprod.length));
        if (golden.outputs().contains("add_noise")) {
            int[] timesteps = golden.in("timesteps").toIntArray();
            check.close("add_noise", schedule.addNoise(golden.in("original"), golden.in("noise"), timesteps));
            check.close("velocity", schedule.velocity(golden.in("original"), golden.in("noise"), timesteps));
        }
    }

    private static void checkRun(GoldenCase golden, Check check) {
        JsonObject params = golden.params();
        JsonObject config = params.getAsJsonObject("config").deepCopy();
        config.add("_class_name", params.get("scheduler"));
        Scheduler scheduler = Schedulers.fromConfig(SchedulerConfig.parse(golden.name(), config.toString()));
        int firstStep = params.get("start_index").getAsInt();
        SchedulerRun run = scheduler.start(options(params).startingAt(firstStep));
        Noise noise = new Noise(golden);

        Tensor init = golden.in("init");
        Tensor latents = firstStep > 0 ? run.addNoise(0, init, noise.next(init.shape())) : run.initialLatents(init);
        check.close("start", latents, within(golden.tolerance("model_input"), golden.out("start")));
        checkTimetable(golden, run, check);

        List<Tensor> inputs = new ArrayList<>();
        List<Tensor> samples = new ArrayList<>();
        List<Tensor> originals = new ArrayList<>();
        for (int call = 0; call < run.count(); call++) {
            inputs.add(run.scaleModelInput(call, latents));
            StepResult result = run.step(call, entry(golden.in("model_output"), call), latents, noise);
            latents = result.prevSample();
            samples.add(latents);
            if (result.predOriginalSample() != null) {
                originals.add(result.predOriginalSample());
            }
        }
        checkSamples(golden, samples, check);
        check.close("model_input", stacked(inputs));
        if (golden.outputs().contains("pred_original_sample")) {
            check.close("pred_original_sample", stacked(originals));
        }
        int drawn = golden.hasIn("noise") ? golden.in("noise").shape().dim(0) : 0;
        check.equal("noise drawn", noise.drawn, drawn);
    }

    private static void checkTimetable(GoldenCase golden, SchedulerRun run, Check check) {
        JsonObject params = golden.params();
        float sigma = params.get("init_noise_sigma").getAsFloat();
        check.close(
                "init_noise_sigma",
                new float[] {run.initNoiseSigma()},
                new float[] {sigma},
                golden.tolerance("sigmas"));
        float[] timesteps = run.timesteps();
        check.close("timesteps", Tensor.of(timesteps, timesteps.length));
        float[] expected = golden.out("timesteps").toFloatArray();
        for (int i = 0; i < Math.min(timesteps.length, expected.length); i++) {
            if (expected[i] == Math.rint(expected[i])) {
                check.close( // exact, but for the last bit: one between two others may be whole by chance
                        "timesteps[" + i + "]",
                        new float[] {timesteps[i]},
                        new float[] {expected[i]},
                        Tolerance.within(Math.ulp(expected[i])));
            }
        }
        JsonArray used = params.getAsJsonArray("timesteps_used");
        check.equal("calls of the model", run.count(), used.size());
        for (int call = 0; call < Math.min(run.count(), used.size()); call++) {
            float timestep = used.get(call).getAsFloat();
            check.close(
                    "timesteps_used[" + call + "]",
                    new float[] {run.timestep(call)},
                    new float[] {timestep},
                    golden.tolerance("timesteps"));
        }
        if (golden.outputs().contains("sigmas")) {
            float[] sigmas = run.sigmas();
            check.close("sigmas", Tensor.of(sigmas, sigmas.length));
        }
    }

    private static void checkSamples(GoldenCase golden, List<Tensor> samples, Check check) {
        Tensor expected = golden.out("sample");
        JsonArray limits = golden.tolerance().getAsJsonArray("sample_max_abs_per_call");
        check.compared("sample");
        check.equal("steps", samples.size(), expected.shape().dim(0));
        check.equal("limits of steps", limits.size(), expected.shape().dim(0));
        for (int call = 0;
                call
                        < Math.min(
                                samples.size(),
                                Math.min(limits.size(), expected.shape().dim(0)));
                call++) {
            Tolerance tolerance = Tolerance.within(limits.get(call).getAsDouble());
            check.close("sample[" + call + "]", samples.get(call), entry(expected, call), tolerance);
        }
    }

    private static RunOptions options(JsonObject params) {
        JsonObject setTimesteps = withoutNulls(params.getAsJsonObject("set_timesteps"));
        RunOptions options;
        if (setTimesteps.has("timesteps")) {
            options = RunOptions.timesteps(numbers(setTimesteps.remove("timesteps")));
        } else if (setTimesteps.has("sigmas")) {
            options = RunOptions.sigmas(numbers(setTimesteps.remove("sigmas")));
        } else {
            options = RunOptions.steps(params.get("num_inference_steps").getAsInt());
        }
        for (JsonObject given : List.of(setTimesteps, withoutNulls(params.getAsJsonObject("step")))) {
            for (Map.Entry<String, JsonElement> entry : given.entrySet()) {
                options = options.with(RunOption.of(entry.getKey()), number(entry.getValue()));
            }
        }
        return options;
    }

    private static JsonObject withoutNulls(JsonObject object) {
        JsonObject copy = object.deepCopy();
        copy.entrySet().removeIf(entry -> entry.getValue().isJsonNull());
        return copy;
    }

    private static double number(JsonElement value) {
        if (value.getAsJsonPrimitive().isBoolean()) {
            return value.getAsBoolean() ? 1 : 0;
        }
        return Double.parseDouble(value.getAsString());
    }

    private static double[] numbers(JsonElement values) {
        return values.getAsJsonArray().asList().stream()
                .mapToDouble(SchedulersGroup::number)
                .toArray();
    }

    /** The tolerance with its part of the largest value made absolute, for an output that has none of its own. */
    private static Tolerance within(Tolerance tolerance, Tensor expected) {
        double absMax = 0;
        for (float value : expected.toFloatArray()) {
            absMax = Math.max(absMax, Math.abs(value));
        }
        return Tolerance.within(tolerance.limit(0, absMax));
    }

    /** One entry of the outermost axis, without that axis. */
    private static Tensor entry(Tensor all, int index) {
        int[] dims = all.shape().dims();
        return all.slice(index, index + 1).reshape(Arrays.copyOfRange(dims, 1, dims.length));
    }

    private static Tensor stacked(List<Tensor> tensors) {
        if (tensors.isEmpty()) {
            return Tensor.of(new float[0], 0);
        }
        int each = (int) tensors.getFirst().shape().size();
        float[] values = new float[tensors.size() * each];
        for (int i = 0; i < tensors.size(); i++) {
            System.arraycopy(tensors.get(i).toFloatArray(), 0, values, i * each, each);
        }
        int[] dims = tensors.getFirst().shape().dims();
        int[] more = new int[dims.length + 1];
        more[0] = tensors.size();
        System.arraycopy(dims, 0, more, 1, dims.length);
        return Tensor.of(values, more);
    }

    /** The case's noise, block after block. */
    private static final class Noise implements NoiseSource {
        private final GoldenCase golden;
        private int drawn;

        Noise(GoldenCase golden) {
            this.golden = golden;
        }

        @Override
        public Tensor next(Shape shape) {
            Tensor all = golden.hasIn("noise") ? golden.in("noise") : Tensor.of(new float[0], 0);
            if (drawn >= all.shape().dim(0)) {
                throw new GoldenException(
                        "%s: expected %d blocks of noise to do, found another drawn".formatted(golden.name(), drawn));
            }
            return entry(all, drawn++);
        }
    }
}
