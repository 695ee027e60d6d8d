package dev.aquarelle.sd.schedulers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Schedules apart from samplers, against k-diffusion 0.1.1, the web UI's formulas in torch, and diffusers 0.42.1 with its sigmas replaced. */
class ScheduleTest {
    /** Stable Diffusion's. */
    private static final SchedulerConfig MODEL = SchedulerConfig.parse("scheduler_config.json", """
        {"_class_name": "PNDMScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
         "num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1}
        """);

    private static final SigmaTable TABLE =
            SigmaTable.of(Schedulers.fromConfig(MODEL).schedule());
    private static final double[] START = {0.5, -1.1, 0.8};

    private static Scheduler scheduled(String sampler, Schedule schedule) {
        return Schedulers.scheduled(sampler, MODEL, schedule, AlignYourSteps.STABLE_DIFFUSION);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "UNIFORM | 14.6146 5.09241 2.27973 1.16287 0.571189 0.0291675 0",
                "KARRAS | 14.6146 6.08216 2.23216 0.692574 0.169758 0.0291675 0",
                "EXPONENTIAL | 14.6146 4.21513 1.21572 0.350635 0.101129 0.0291675 0",
                "POLYEXPONENTIAL | 14.6147 4.21513 1.21572 0.350635 0.101129 0.0291675 0",
                "SGM_UNIFORM | 14.6146 5.9489 2.91831 1.61558 0.932358 0.493552 0",
                "KL_OPTIMAL | 14.6147 3.0807 1.59707 0.961589 0.572915 0.281838 0.0291675",
                "ALIGN_YOUR_STEPS | 14.615 3.861 1.886 0.963 0.399 0.029 0",
                "SIMPLE | 14.6146 5.96313 2.91831 1.61289 0.932358 0.49241 0",
                "NORMAL | 14.6146 5.09241 2.27973 1.16287 0.571189 0.0291675 0",
                "DDIM | 14.4386 5.90645 2.90712 1.61289 0.932358 0.494697 0.0413145 0",
                "BETA | 14.6146 12.8218 9.32448 5.31934 1.82204 0.0291675 0",
                "TURBO | 14.6146 5.9347 2.91831 1.61289 0.929215 0.49241 0"
            })
    void sigmasOfSixStepsAreThoseOfTheWebUi(ScheduleType type, String expected) {
        requireClose(type.sigmas(6, TABLE, AlignYourSteps.STABLE_DIFFUSION), numbers(expected), 2e-5);
    }

    @ParameterizedTest
    @EnumSource(
            names = {"LINSPACE", "LEADING", "TRAILING"},
            mode = EnumSource.Mode.EXCLUDE)
    void everyNumberOfStepsFalls(ScheduleType type) {
        for (int steps = 1; steps <= 1000; steps++) {
            double[] sigmas = type.sigmas(steps, TABLE, AlignYourSteps.SDXL);
            assertThat(RunOptions.sigmas(sigmas).steps())
                    .isGreaterThanOrEqualTo(type == ScheduleType.DDIM ? steps - 1 : steps);
        }
    }

    /** A made-up model of three numbers, whose samplers end where the reference's do. */
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "euler, SGM_UNIFORM, 12.10463, -21.08488, 16.94599",
        "euler_a, SGM_UNIFORM, 29.45854, -15.84643, 30.64121",
        "heun, SGM_UNIFORM, 13.38006, -24.34589, 20.26717",
        "dpm2, SGM_UNIFORM, 13.22653, -23.84929, 20.00249",
        "dpm2_a, SGM_UNIFORM, 40.68491, -25.81359, 52.40476",
        "lms, SGM_UNIFORM, 12.88146, -22.9275, 18.58711",
        "dpmpp_2m, SGM_UNIFORM, 12.58207, -22.59628, 18.58249",
        "dpmpp_2m_sde, SGM_UNIFORM, 38.05731, -14.53054, 40.3349",
        "dpmpp_2m_sde_heun, SGM_UNIFORM, 38.87719, -14.08215, 41.31878",
        "dpmpp_3m_sde, SGM_UNIFORM, 37.7294, -9.616715, 43.41446",
        "dpmpp_sde, SGM_UNIFORM, 38.98057, -27.70874, 33.34848",
        "unipc, SGM_UNIFORM, 12.91093, -23.34972, 19.32948",
        "dpmpp_2s, SGM_UNIFORM, 12.65818, -22.44882, 18.53525",
        "dpmpp_3s, SGM_UNIFORM, 12.72919, -22.92688, 19.01935",
        "dpmpp_3m, SGM_UNIFORM, 12.92171, -23.33804, 18.94481",
        "euler, KL_OPTIMAL, 11.34284, -19.251, 14.32202",
        "euler_a, KL_OPTIMAL, 20.77734, -14.1417, 22.80287",
        "heun, KL_OPTIMAL, 14.30053, -27.06723, 21.8276",
        "dpm2, KL_OPTIMAL, 13.4584, -23.97778, 20.58354",
        "dpm2_a, KL_OPTIMAL, 34.59212, -42.67465, 57.45157",
        "lms, KL_OPTIMAL, 11.55765, -19.83939, 14.76404",
        "dpmpp_2m, KL_OPTIMAL, 11.63379, -20.19666, 15.1304",
        "dpmpp_2m_sde, KL_OPTIMAL, 20.95689, -12.66458, 23.62815",
        "dpmpp_2m_sde_heun, KL_OPTIMAL, 19.78977, -11.78227, 22.44178",
        "dpmpp_3m_sde, KL_OPTIMAL, 13.82761, -8.291503, 15.85164",
        "dpmpp_sde, KL_OPTIMAL, 31.58225, -16.90364, 30.8727",
        "unipc, KL_OPTIMAL, 12.52034, -22.34553, 17.0737",
        "dpmpp_2s, KL_OPTIMAL, 11.79576, -20.5368, 15.66004",
        "dpmpp_3s, KL_OPTIMAL, 12.4594, -22.30667, 16.89544",
        "dpmpp_3m, KL_OPTIMAL, 12.38669, -21.45968, 16.07467",
    })
    void samplersGoAlongGivenSigmas(String sampler, ScheduleType type, double a, double b, double c) {
        SchedulerRun run = scheduled(sampler, type).start(16);
        double last = run.sigmas()[run.sigmas().length - 1];
        boolean exploding = run.initNoiseSigma() > 1;
        Tensor latents = Tensor.of(
                exploding
                        ? scaled(START, run.initNoiseSigma())
                        : scaled(START, signal(run.sigmas()[0]) * run.sigmas()[0]),
                1,
                3);
        Noise noise = new Noise();
        for (int call = 0; call < run.count(); call++) {
            Tensor output = epsilon(run.scaleModelInput(call, latents), run.timestep(call));
            latents = run.step(call, output, latents, noise).prevSample();
        }

        double[] found = new double[3];
        for (int i = 0; i < 3; i++) {
            found[i] = latents.getFloat(i) / (exploding ? 1 : signal(last));
        }
        requireClose(found, new double[] {a, b, c}, 2e-4);
    }

    @ParameterizedTest
    @CsvSource({"euler, KARRAS, euler_karras", "DPM++ 2M, EXPONENTIAL, dpmpp_2m_exponential", "deis, BETA, deis_beta"})
    void aLayoutThatDiffusersHasIsItsSwitch(String sampler, ScheduleType type, String name) {
        assertThat(scheduled(sampler, type)).isEqualTo(Schedulers.named(name, MODEL));
    }

    @Test
    void aScheduleTakesThePlaceOfTheModelsOwn() {
        SchedulerConfig karras = Sampler.parse("dpmpp_2m_karras").configure(MODEL);

        assertThat(Schedulers.scheduled("", karras, ScheduleType.EXPONENTIAL, AlignYourSteps.SDXL))
                .isEqualTo(Schedulers.named("dpmpp_2m_exponential", MODEL));
        assertThat(Schedulers.scheduled("", karras, ScheduleType.ALIGN_YOUR_STEPS, AlignYourSteps.SDXL)
                        .start(11)
                        .sigmas())
                .startsWith(14.615f, 6.315f, 3.771f);
    }

    @Test
    void timestepsAreSpacedAsAsked() {
        assertThat(scheduled("ddim", ScheduleType.TRAILING).start(4).timesteps())
                .containsExactly(999, 749, 499, 249);
        assertThat(scheduled("euler", ScheduleType.LEADING).start(4).timesteps())
                .containsExactly(751, 501, 251, 1);
        assertThat(scheduled("pndm", ScheduleType.LINSPACE).start(4).timesteps()[0])
                .isEqualTo(999);
    }

    @ParameterizedTest
    @ValueSource(strings = {"euler", "heun", "dpmpp_2m", "dpmpp_2s", "ddpm", "lcm", "tcd"})
    void givenTimestepsAreVisited(String sampler) {
        Scheduler scheduler = scheduled(sampler, Schedule.Timesteps.of(999, 845, 730, 587, 443));
        SchedulerRun whole = scheduler.start(5);
        SchedulerRun later = scheduler.start(RunOptions.steps(5).startingAt(2));

        assertThat(whole.timesteps()).startsWith(999, 845).endsWith(443);
        assertThat(later.timestep(0)).isEqualTo(730);
        assertThatThrownBy(() -> scheduler.start(6))
                .hasMessageEndingWith("expected 5 steps, as its schedule of 5 timesteps has them, found 6");
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "ddim, Karras, DDIMScheduler: a schedule Karras needs a sampler with sigmas",
        "lcm, Trailing, LCMScheduler: a schedule Trailing needs a sampler with timestep_spacing",
        "dpmpp_2s, Leading, DPMSolverSinglestepScheduler: a schedule Leading needs a sampler with timestep_spacing",
        "deis, Simple, DEISMultistepScheduler: a schedule Simple needs a sampler with sigmas",
        "euler, GITS, unknown schedule GITS; known are uniform",
    })
    void whatASamplerCannotTakeIsRefused(String sampler, String name, String message) {
        assertThatThrownBy(() -> scheduled(sampler, ScheduleType.of(name)))
                .isInstanceOf(SchedulerException.class)
                .hasMessageContaining(message);
    }

    @Test
    void givenStepsNeedAScheduleThatTakesThem() {
        assertThatThrownBy(() -> scheduled("unipc", Schedule.Timesteps.of(999, 500)))
                .hasMessageContaining("a schedule of 2 timesteps needs a sampler with timesteps");
        assertThatThrownBy(() -> scheduled("pndm", Schedule.Sigmas.of(14, 3, 0)))
                .hasMessageContaining("a schedule of 3 sigmas needs a sampler with sigmas");
        assertThatThrownBy(() -> Schedule.Sigmas.of(3, 14, 0)).hasMessageContaining("falling");
        assertThatThrownBy(() -> Schedule.Timesteps.of()).isInstanceOf(SchedulerException.class);
        assertThatThrownBy(
                        () -> scheduled("euler", Schedule.Timesteps.of(1000, 2)).start(2))
                .hasMessageContaining("below 1000");
    }

    @Test
    void aSolverOfNoiseCannotEndAtACleanSample() {
        SchedulerConfig config = MODEL.with("_class_name", "DPMSolverMultistepScheduler")
                .with("algorithm_type", "dpmsolver")
                .with("final_sigmas_type", "sigma_min");
        Scheduler solver = Schedulers.scheduled("", config, ScheduleType.SIMPLE, AlignYourSteps.STABLE_DIFFUSION);

        assertThatThrownBy(() -> solver.start(5)).hasMessageContaining("dpmsolver needs a last one above 0, found 0");
    }

    @ParameterizedTest
    @CsvSource({
        "SGMUniform, SGM_UNIFORM",
        "sgm_uniform, SGM_UNIFORM",
        "ays, ALIGN_YOUR_STEPS",
        "ddim_uniform, DDIM",
        "discrete, UNIFORM",
        "KL optimal, KL_OPTIMAL",
        "karras, KARRAS"
    })
    void namesAreUnderstoodInManyForms(String name, ScheduleType type) {
        assertThat(ScheduleType.of(name)).isEqualTo(type);
    }

    private static double signal(double sigma) {
        return 1 / Math.sqrt(sigma * sigma + 1);
    }

    private static float[] scaled(double[] values, double factor) {
        float[] result = new float[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) (factor * values[i]);
        }
        return result;
    }

    private static Tensor epsilon(Tensor x, double t) {
        float[] values = new float[3];
        for (int i = 0; i < 3; i++) {
            values[i] = (float) (0.6 * x.getFloat(i) * Math.cos(t / 200) + 0.2 * Math.sin(t / 90 + i));
        }
        return Tensor.of(values, 1, 3);
    }

    private static final class Noise implements NoiseSource {
        private int draws;

        @Override
        public Tensor next(Shape shape) {
            float[] values = new float[3];
            for (int i = 0; i < 3; i++) {
                values[i] = (float) Math.sin(1.7 * draws + 0.9 * i + 0.3);
            }
            draws++;
            return Tensor.of(values, 1, 3);
        }
    }

    private static double[] numbers(String text) {
        return Arrays.stream(text.split(" ", -1))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    private static void requireClose(double[] found, double[] expected, double relative) {
        assertThat(found).hasSize(expected.length);
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).as("at %d", i).isCloseTo(expected[i], within(relative * Math.abs(expected[i]) + 1e-9));
        }
    }
}
