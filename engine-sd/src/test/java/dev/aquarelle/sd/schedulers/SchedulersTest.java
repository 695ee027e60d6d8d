package dev.aquarelle.sd.schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchedulersTest {
    /** Stable Diffusion's. */
    private static final SchedulerConfig MODEL = config("""
        {"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012, "beta_schedule": "scaled_linear",
         "beta_start": 0.00085, "num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true,
         "steps_offset": 1, "trained_betas": null, "clip_sample": false}
        """);

    private static final int[] SHAPE = {2, 3, 5, 4};

    static Stream<String> samplers() {
        return Schedulers.names().stream();
    }

    static Stream<String> samplersWithSpacings() {
        return Schedulers.names().stream()
                .filter(name -> !name.matches("ddim|ddpm|pndm|euler_a|lcm|tcd"))
                .flatMap(name -> Stream.of(name + "_karras", name + "_exponential", name + "_beta"));
    }

    static Stream<String> allSamplers() {
        return Stream.concat(samplers(), samplersWithSpacings());
    }

    @ParameterizedTest
    @MethodSource("allSamplers")
    void aModelThatKnowsTheNoiseLeadsBackToTheSample(String sampler) {
        Scheduler scheduler = Schedulers.named(sampler, MODEL);
        SchedulerRun run = scheduler.start(10);
        Tensor x0 = random(1);
        Tensor latents = run.addNoise(0, x0, random(2));

        for (int call = 0; call < run.count(); call++) {
            Tensor seen = run.scaleModelInput(call, latents);
            Tensor epsilon = noiseIn(seen, x0, run.timestep(call), scheduler.schedule());
            latents = run.step(call, epsilon, latents, new Noise(3)).prevSample();
        }

        // what ends at the first training timestep and not at a clean sample keeps that much noise: a sigma of 0.03
        assertThat(maxDifference(latents, x0)).isLessThan(sampler.matches("(pndm|deis|ddim|tcd|lcm).*") ? 0.3f : 0.02f);
    }

    @ParameterizedTest
    @MethodSource("allSamplers")
    void theSameRunGivesTheSameBits(String sampler) {
        assertThat(sampled(sampler, 7).toFloatArray())
                .isEqualTo(sampled(sampler, 7).toFloatArray());
    }

    @ParameterizedTest
    @MethodSource("samplers")
    void aSampleDoesNotDependOnItsNeighbours(String sampler) {
        SchedulerConfig model = MODEL.with("thresholding", true);
        Scheduler scheduler = Schedulers.named(sampler, model);
        SchedulerRun both = scheduler.start(4);
        SchedulerRun alone = scheduler.start(4);
        Tensor latents = both.initialLatents(random(1));
        Tensor second = latents.slice(1, 2);
        for (int call = 0; call < both.count(); call++) {
            Tensor output = random(10 + call);
            Tensor noise = random(50 + call);
            latents = both.step(call, output, latents, shape -> noise).prevSample();
            second = alone.step(call, output.slice(1, 2), second, shape -> noise.slice(1, 2))
                    .prevSample();
        }

        assertThat(second.toFloatArray()).isEqualTo(latents.slice(1, 2).toFloatArray());
    }

    @ParameterizedTest
    @MethodSource("samplers")
    void aLaterStartLeavesOutTheNoisyCalls(String sampler) {
        Scheduler scheduler = Schedulers.named(sampler, MODEL);
        SchedulerRun whole = scheduler.start(8);
        SchedulerRun part = scheduler.start(RunOptions.steps(8).startingAt(3));

        int left = 3 * scheduler.order();
        assertThat(part.count()).isEqualTo(whole.count() - left);
        assertThat(part.timestep(0)).isEqualTo(whole.timestep(left));
        assertThat(part.timesteps()).isEqualTo(whole.timesteps());
    }

    @ParameterizedTest
    @CsvSource({
        "euler_a, EulerAncestralDiscreteScheduler",
        "Euler a, EulerAncestralDiscreteScheduler",
        "euler ancestral, EulerAncestralDiscreteScheduler",
        "DPM++ 2M Karras, DPMSolverMultistepScheduler",
        "dpmpp_2m_karras, DPMSolverMultistepScheduler",
        "DPM++ 2M SDE Karras, DPMSolverMultistepScheduler",
        "DPM++ SDE, DPMSolverSDEScheduler",
        "DDIM, DDIMScheduler",
        "PLMS, PNDMScheduler",
        "uni_pc, UniPCMultistepScheduler",
        "UniPCMultistepScheduler, UniPCMultistepScheduler",
        "dpm2-a, KDPM2AncestralDiscreteScheduler"
    })
    void namesAreUnderstoodInManyForms(String name, String className) {
        assertThat(Schedulers.named(name, MODEL).name()).isEqualTo(className);
    }

    @Test
    void aPipelinesConfigurationHasAnOffsetOfOneAndClipsNothing() {
        SchedulerConfig old = config("{\"_class_name\": \"DDIMScheduler\", \"clip_sample\": true}");

        assertThat(old.forStableDiffusion().toString()).contains("\"clip_sample\":false");
        assertThat(Schedulers.fromConfig(old.forStableDiffusion()).start(10).timestep(0))
                .isEqualTo(901);
        assertThat(Schedulers.fromConfig(old).start(10).timestep(0)).isEqualTo(900);
    }

    @Test
    void aNamedSamplerKeepsTheModelsForwardProcess() {
        Scheduler scheduler = Schedulers.named(
                "heun", config("{\"_class_name\": \"DDIMScheduler\", \"prediction_type\": \"v_prediction\"}"));

        assertThat(scheduler.predictionType()).isEqualTo(PredictionType.V_PREDICTION);
        assertThat(scheduler.schedule().betas()[0]).isEqualTo(1e-4f); // DDIM's, where Heun's own would be 0.00085
    }

    @Test
    void karrasChangesTheSigmasButNotTheirEnds() {
        float[] plain = Schedulers.named("euler", MODEL).start(10).sigmas();
        float[] karras = Schedulers.named("Euler Karras", MODEL).start(10).sigmas();

        assertThat(karras[0]).isCloseTo(plain[0], within(1e-4f));
        assertThat(karras[9]).isCloseTo(plain[9], within(1e-4f));
        assertThat(karras[5]).isLessThan(plain[5]);
    }

    @Test
    void anUnknownSamplerIsRefusedWithTheList() {
        assertThatThrownBy(() -> Schedulers.named("dpm fast", MODEL))
                .isInstanceOf(SchedulerException.class)
                .hasMessageContaining("unknown sampler dpm fast")
                .hasMessageContaining("euler_a")
                .hasMessageContaining("dpmpp_2m");
    }

    @Test
    void anUnknownClassIsRefusedWithTheList() {
        assertThatThrownBy(
                        () -> Schedulers.fromConfig(config("{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\"}")))
                .isInstanceOf(SchedulerException.class)
                .hasMessageContaining("FlowMatchEulerDiscreteScheduler")
                .hasMessageContaining("EulerDiscreteScheduler");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "DDPMScheduler | \"variance_type\": \"learned_range\" | variance_type",
                "DDIMScheduler | \"beta_schedule\": \"cubic\" | beta_schedule",
                "DDIMScheduler | \"steps_offset\": \"1\" | steps_offset",
                "DDIMScheduler | \"steps_offset\": 1.5 | steps_offset",
                "DDIMScheduler | \"clip_sample\": 1 | clip_sample",
                "DDIMScheduler | \"trained_betas\": [0.1, 0.2] | trained_betas",
                "DDIMScheduler | \"num_train_timesteps\": 1e9 | num_train_timesteps",
                "PNDMScheduler | \"prediction_type\": \"sample\" | prediction_type",
                "EulerDiscreteScheduler | \"use_karras_sigmas\": true, \"use_beta_sigmas\": true | at most one",
                "EulerDiscreteScheduler | \"sigma_min\": -1 | sigma_min",
                "DPMSolverMultistepScheduler | \"algorithm_type\": \"dpmsolver\" | final_sigmas_type",
                "DPMSolverMultistepScheduler | \"solver_order\": 4 | solver_order",
                "DPMSolverMultistepScheduler | \"variance_type\": \"learned\" | variance_type",
                "DPMSolverMultistepScheduler | \"use_dynamic_shifting\": true | use_dynamic_shifting",
                "DPMSolverMultistepScheduler | \"prediction_type\": \"flow_prediction\" | use_flow_sigmas",
                "DPMSolverSDEScheduler | \"noise_sampler_seed\": -3 | noise_sampler_seed",
                "DPMSolverSDEScheduler | \"noise_sampler_seed\": 0.5 | noise_sampler_seed",
                "DPMSolverSDEScheduler | \"noise_sampler_seed\": \"3\" | noise_sampler_seed",
                "DPMSolverSDEScheduler | \"noise_sampler_seed\": [3, 4] | noise_sampler_seed",
                "DPMSolverSDEScheduler | \"noise_sampler_seed\": 18446744073709551616 | noise_sampler_seed",
                "UniPCMultistepScheduler | \"solver_type\": \"bh1\" | final_sigmas_type",
                "UniPCMultistepScheduler | \"solver_p\": {} | solver_p",
                "UniPCMultistepScheduler | \"shift_terminal\": 0.1 | shift_terminal"
            })
    void anOptionThatCannotBeHonouredIsRefusedByName(String className, String option, String named) {
        SchedulerConfig config = config("{\"_class_name\": \"%s\", %s}".formatted(className, option));

        assertThatThrownBy(() -> Schedulers.fromConfig(config))
                .isInstanceOf(SchedulerException.class)
                .hasMessageStartingWith("scheduler_config.json: " + className)
                .hasMessageContaining(named);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{", "{\"_class_name\": 3}", "{} {}"})
    void aFileThatIsNoConfigurationIsRefused(String text) {
        assertThatThrownBy(() -> Schedulers.fromConfig(config(text)))
                .isInstanceOf(SchedulerException.class)
                .hasMessageContaining("scheduler_config.json");
    }

    @Test
    void infinityIsReadAsPythonWritesIt() {
        SchedulerConfig config =
                config("{\"_class_name\": \"DPMSolverMultistepScheduler\", \"lambda_min_clipped\": -Infinity}");

        assertThat(Schedulers.fromConfig(config).start(5).timestep(0)).isEqualTo(999);
    }

    @Test
    void aRunAsksOnlyForWhatTheSchedulerKnows() {
        Scheduler euler = Schedulers.named("euler", MODEL);

        assertThatThrownBy(() -> euler.start(RunOptions.steps(5).with(RunOption.ETA, 0.5)))
                .isInstanceOf(SchedulerException.class)
                .hasMessageContaining("eta is not an option");
        assertThatThrownBy(() -> RunOptions.steps(5).with(RunOption.ETA, 2)).hasMessageContaining("eta");
        assertThatThrownBy(() -> RunOptions.timesteps(3, 5)).hasMessageContaining("falling");
        assertThatThrownBy(() -> RunOption.of("gamma"))
                .hasMessageContaining("gamma")
                .hasMessageContaining("s_churn");
    }

    @ParameterizedTest
    @MethodSource("samplers")
    void stepsThatCannotBeAreRefused(String sampler) {
        Scheduler scheduler = Schedulers.named(sampler, MODEL);

        assertThatThrownBy(() -> scheduler.start(0)).isInstanceOf(SchedulerException.class);
        assertThatThrownBy(() -> scheduler.start(1001)).isInstanceOf(SchedulerException.class);
        assertThatThrownBy(() -> scheduler.start(RunOptions.steps(5).startingAt(5)))
                .isInstanceOf(SchedulerException.class);
    }

    @Test
    void callsComeInOrderAndWithEqualShapes() {
        SchedulerRun run = Schedulers.named("euler", MODEL).start(5);
        Tensor latents = random(1);

        assertThatThrownBy(() -> run.step(1, random(2), latents, NoiseSource.NONE))
                .hasMessageContaining("expected call 0");
        assertThatThrownBy(() -> run.step(0, Tensor.of(new float[4], 4), latents, NoiseSource.NONE))
                .hasMessageContaining("[2, 3, 5, 4]");
        assertThatThrownBy(() -> run.timestep(5)).isInstanceOf(SchedulerException.class);
        assertThat(run.step(0, random(2), latents, NoiseSource.NONE).predOriginalSample())
                .isNotNull();
    }

    @Test
    void aSamplerThatNeedsNoiseSaysSo() {
        SchedulerRun run = Schedulers.named("euler_a", MODEL).start(5);

        assertThatThrownBy(() -> run.step(0, random(2), random(1), NoiseSource.NONE))
                .hasMessageContaining("noise");
    }

    @Test
    void noiseOfDpmSdeIsCutOutOfAPathAlongTheWholeSchedule() {
        Scheduler scheduler = Schedulers.named("dpmpp_sde_karras", MODEL);
        SchedulerRun run = scheduler.start(RunOptions.steps(5).startingAt(2));
        float[] sigmas = scheduler.start(5).sigmas();
        List<double[]> asked = new ArrayList<>();
        NoiseSource noise = new NoiseSource() {
            @Override
            public Tensor next(Shape shape) {
                throw new AssertionError("expected the noise of an interval");
            }

            @Override
            public Tensor next(Shape shape, double from, double to) {
                asked.add(new double[] {from, to});
                return random(4);
            }
        };
        Tensor latents = random(1);
        for (int call = 0; call < run.count(); call++) {
            latents = run.step(call, random(2), latents, noise).prevSample();
        }

        assertThat(run.noisePath()).contains(new NoisePath(sigmas[8], sigmas[0], null, true));
        assertThat(asked).hasSize(4); // two in each step but the last, which ends without noise
        for (int i = 0; i < 4; i++) {
            float from = sigmas[3 + i / 2 * 2];
            float to = sigmas[5 + i / 2 * 2];
            assertThat(asked.get(i)[0]).isCloseTo(from, withinPercentage(1e-4));
            assertThat(asked.get(i)[1]).isCloseTo(i % 2 == 0 ? Math.sqrt(from * to) : to, withinPercentage(1e-4));
        }
    }

    @Test
    void aConfigurationMayFixTheSeedOfAPath() {
        SchedulerConfig config =
                config("{\"_class_name\": \"DPMSolverSDEScheduler\", \"noise_sampler_seed\": 18446744073709551615}");

        assertThat(Schedulers.fromConfig(config)
                        .start(5)
                        .noisePath()
                        .orElseThrow()
                        .seed())
                .isEqualTo(-1L);
        assertThat(Schedulers.nameOf(config)).isEmpty(); // no name of a sampler says so
    }

    @Test
    void aPathNeedsFiniteSigmas() {
        assertThatThrownBy(() -> new NoisePath(0.03, Double.POSITIVE_INFINITY, null, true))
                .isInstanceOf(SchedulerException.class)
                .hasMessageContaining("0.03 to Infinity");
    }

    @Test
    void predictedNoiseCannotStartFromNoSignalAtAll() {
        Scheduler scheduler = Schedulers.fromConfig(config("""
            {"_class_name": "DDIMScheduler", "rescale_betas_zero_snr": true, "timestep_spacing": "trailing"}
            """));

        assertThatThrownBy(() -> scheduler.start(5))
                .isInstanceOf(SchedulerException.class)
                .hasMessageContaining("epsilon");
    }

    @Test
    void etaOneOfDdimAddsNoiseAndZeroDoesNot() {
        Scheduler ddim = Schedulers.named("ddim", MODEL);
        SchedulerRun quiet = ddim.start(5);
        SchedulerRun noisy = ddim.start(RunOptions.steps(5).with(RunOption.ETA, 1));

        Tensor without = quiet.step(0, random(2), random(1), NoiseSource.NONE).prevSample();
        Tensor with = noisy.step(0, random(2), random(1), new Noise(5)).prevSample();
        assertThat(maxDifference(without, with)).isGreaterThan(0.1f);
    }

    private static Tensor sampled(String sampler, int seed) {
        SchedulerRun run = Schedulers.named(sampler, MODEL).start(6);
        NoiseSource noise = new Noise(seed);
        Tensor latents = run.initialLatents(random(seed));
        for (int call = 0; call < run.count(); call++) {
            latents = run.step(call, random(100 + call), latents, noise).prevSample();
        }
        return latents;
    }

    /** The noise that the forward process added to x0 to give what the model sees. */
    private static Tensor noiseIn(Tensor seen, Tensor x0, float timestep, NoiseSchedule schedule) {
        SigmaTable table = SigmaTable.of(schedule);
        NoiseLevel level = NoiseLevel.preserving(table.at(new double[] {timestep})[0]);
        return Tensor.of(level.epsilonOf(x0.toFloatArray(), seen.toFloatArray()), SHAPE);
    }

    private static float maxDifference(Tensor a, Tensor b) {
        float max = 0;
        for (long i = 0; i < a.shape().size(); i++) {
            max = Math.max(max, Math.abs(a.getFloat(i) - b.getFloat(i)));
        }
        return max;
    }

    private static Tensor random(long seed) {
        return random(seed, Shape.of(SHAPE));
    }

    private static Tensor random(long seed, Shape shape) {
        Random random = new Random(seed);
        float[] values = new float[(int) shape.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensor.of(values, shape.dims());
    }

    private static SchedulerConfig config(String text) {
        return SchedulerConfig.parse("scheduler_config.json", text);
    }

    private static final class Noise implements NoiseSource {
        private long seed;

        Noise(long seed) {
            this.seed = seed;
        }

        @Override
        public Tensor next(Shape shape) {
            seed += 1000;
            return random(seed, shape);
        }
    }
}
