package dev.aquarelle.sd.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.NoisePath;
import dev.aquarelle.sd.schedulers.NoiseSource;
import dev.aquarelle.sd.schedulers.RunOptions;
import dev.aquarelle.sd.schedulers.Scheduler;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import dev.aquarelle.sd.schedulers.Schedulers;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Noise that is cut out of a Brownian path. */
class BrownianNoiseTest {
    private static final SchedulerConfig MODEL = SchedulerConfig.parse("scheduler_config.json", """
        {"_class_name": "DPMSolverSDEScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
         "use_karras_sigmas": true}
        """);

    private static final Seeding PHILOX = Seeding.DEFAULT.by(Seeding.Generator.PHILOX);
    private static final Shape LATENTS = Shape.of(1, 2, 4, 2);

    private static SettledRequest request(Seeding seeding, int batch) {
        TextToImage text = TextToImage.builder("an owl")
                .seed(7)
                .batch(batch)
                .seeding(seeding)
                .build();
        return SettledRequest.of(text, new ModelDefaults("demo", 64, 64, 4, 5, ""), false);
    }

    private static NoiseSource noise(SettledRequest s, SchedulerRun run, Shape latents) {
        return NoiseSources.of(s, 8).ofSteps(s, run, latents, Cancellation.NEVER);
    }

    /** The last latents of a run with a model that finds nothing but noise, from a sample of ones. */
    private static float[] sampled(SchedulerRun run, NoiseSource noise, float sigma) {
        float[] ones = new float[(int) LATENTS.size()];
        Arrays.fill(ones, sigma);
        Tensor latents = Tensor.of(ones, LATENTS.dims());
        for (int call = 0; call < run.count(); call++) {
            latents = run.step(call, run.scaleModelInput(call, latents), latents, noise)
                    .prevSample();
        }
        return latents.toFloatArray();
    }

    @ParameterizedTest
    @CsvSource({
        "0, -0.20067139, -0.50045794, -0.17978895, 0.06285219, -0.10986852, 0.22340761, 0.04787787, 0.78213477",
        "1, -0.10230733, -0.47021028, -0.08506235, 0.02373303, -0.17397767, 0.27188492, 0.03420197, 0.80224633"
    })
    void aRunOfDpmSdeIsThatOfDiffusersWithASeedOfItsNoise(
            int firstStep, float a, float b, float c, float d, float e, float f, float g, float h) {
        Scheduler scheduler = Schedulers.fromConfig(MODEL.with("noise_sampler_seed", 11));
        SchedulerRun run = scheduler.start(RunOptions.steps(4).startingAt(firstStep));
        NoiseSource noise = noise(request(Seeding.DEFAULT, 1), run, LATENTS);

        float[] latents = sampled(run, noise, run.sigmas()[2 * firstStep == 0 ? 0 : 2 * firstStep - 1]);
        assertThat(Arrays.copyOf(latents, 8))
                .usingComparatorWithPrecision(2e-6f)
                .containsExactly(a, b, c, d, e, f, g, h);
    }

    @ParameterizedTest
    @CsvSource({
        "dpmpp_sde, true, true",
        "dpmpp_sde_karras, true, true",
        "dpmpp_2m_sde, false, true",
        "dpmpp_2m_sde_heun, false, true",
        "dpmpp_3m_sde_karras, false, true",
        "dpmpp_2m, false, false",
        "euler_a, false, false",
        "dpm2_a, false, false"
    })
    void theWebUiCutsMoreSamplersNoiseThanDiffusers(String sampler, boolean byTorch, boolean byPhilox) {
        SchedulerRun run = Schedulers.named(sampler, MODEL).start(4);

        assertThat(noise(request(Seeding.DEFAULT, 1), run, LATENTS) instanceof BrownianNoise)
                .isEqualTo(byTorch);
        assertThat(noise(request(PHILOX, 1), run, LATENTS) instanceof BrownianNoise)
                .isEqualTo(byPhilox);
        assertThat(BrownianNoise.bytes(request(PHILOX, 1), run, LATENTS)).isEqualTo(byPhilox ? 65 * 4 * 16 : 0);
    }

    @Test
    void aPictureHasThePathOfItsSeedInAnyBatch() {
        SchedulerRun run = Schedulers.named("dpmpp_sde", MODEL).start(4);
        Shape three = Shape.of(3, 2, 4, 2);
        Tensor all = noise(request(PHILOX, 3), run, three).next(three, 9, 5);
        SettledRequest alone = request(PHILOX, 1);
        TextToImage ninth =
                TextToImage.builder("an owl").seed(9).seeding(PHILOX).build();

        assertThat(all.slice(0, 1).toFloatArray())
                .isEqualTo(noise(alone, run, LATENTS).next(LATENTS, 9, 5).toFloatArray());
        assertThat(all.slice(2, 3).toFloatArray())
                .isEqualTo(noise(
                                SettledRequest.of(ninth, new ModelDefaults("demo", 64, 64, 4, 5, ""), false),
                                run,
                                LATENTS)
                        .next(LATENTS, 9, 5)
                        .toFloatArray());
    }

    @Test
    void aSeedOfTheConfigurationIsThatOfAllPictures() {
        SchedulerRun run =
                Schedulers.fromConfig(MODEL.with("noise_sampler_seed", 11)).start(4);
        Shape two = Shape.of(2, 2, 4, 2);
        Tensor both = noise(request(Seeding.DEFAULT, 2), run, two).next(two, 9, 5);

        assertThat(both.slice(0, 1).toFloatArray()).isEqualTo(both.slice(1, 2).toFloatArray());
    }

    @Test
    void twoModelsOfAPictureGoAlongOnePath() {
        Scheduler scheduler = Schedulers.named("dpmpp_sde", MODEL);
        NoisePath whole = scheduler.start(8).noisePath().orElseThrow();

        assertThat(new Switch(0.5).before(scheduler, 8).noisePath()).contains(whole);
        assertThat(new Switch(0.5).after(scheduler, 8).noisePath()).contains(whole);
    }

    @Test
    void aStopIsHeardBetweenTheDrawsOfAStep() {
        SchedulerRun run = Schedulers.named("dpmpp_sde", MODEL).start(4);
        SettledRequest s = request(PHILOX, 1);
        AtomicInteger asked = new AtomicInteger();
        NoiseSource noise = NoiseSources.of(s, 8).ofSteps(s, run, LATENTS, () -> asked.incrementAndGet() > 10);

        assertThatThrownBy(() -> noise.next(LATENTS, 9, 5)).isInstanceOf(CancellationException.class);
        assertThat(asked).hasValue(11);
    }

    @Test
    void noiseIsNormalAndNoneWhereAStepHasNoLength() {
        SchedulerRun run = Schedulers.named("dpmpp_sde", MODEL).start(4);
        Shape large = Shape.of(1, 50, 50, 4);
        NoiseSource noise = noise(request(Seeding.DEFAULT, 1), run, large);
        double variance = 0;
        for (float x : noise.next(large, 9, 8.5).toFloatArray()) {
            variance += x * x / large.size();
        }

        assertThat(variance).isCloseTo(1, within(0.05));
        assertThat(noise.next(large, 9, 9).toFloatArray()).containsOnly(0);
        assertThatThrownBy(() -> noise.next(large)).hasMessageContaining("between two sigmas");
    }
}
