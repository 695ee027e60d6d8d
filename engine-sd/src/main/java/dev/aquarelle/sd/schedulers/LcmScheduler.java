package dev.aquarelle.sd.schedulers;

import java.util.Set;

/**
 * Multistep sampling of latent consistency models (Luo et al. 2023, arXiv:2310.04378): each step jumps to a clean sample and adds
 * noise of the next level.
 *
 * @param distilled the steps the model was distilled with
 * @param timestepScaling of the boundary condition, 10 as a rule
 */
record LcmScheduler(
        NoiseSchedule schedule,
        PredictionType predictionType,
        Clipping clipping,
        DistilledSteps distilled,
        double timestepScaling)
        implements Scheduler {

    private static final double SIGMA_DATA = 0.5;

    static LcmScheduler of(ConfigReader config) {
        NoiseSchedule schedule = config.schedule(true);
        return new LcmScheduler(
                schedule,
                config.predictionType(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION),
                config.thresholdingOrClipping(false),
                DistilledSteps.of(config, schedule),
                config.number("timestep_scaling", 10, Float.MIN_NORMAL, Float.MAX_VALUE));
    }

    @Override
    public String name() {
        return SchedulerKind.LCM.className();
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(RunOption.TIMESTEPS, RunOption.ORIGINAL_INFERENCE_STEPS, RunOption.STRENGTH);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        int[] timesteps = distilled.timesteps(this, options, false);
        return new PlannedRun(
                this, Plan.ofTimesteps(this, timesteps, options.firstStep()), call -> step(timesteps, call));
    }

    private Stepper.Update step(int[] timesteps, Stepper.Call call) {
        int t = timesteps[call.index];
        float[] original = clipping.apply(
                NoiseLevel.ofAlphaCumprod(schedule.alphaCumprod(t))
                        .originalSample(predictionType, call.modelOutput, call.sample),
                call.batch);
        double scaled = t * timestepScaling;
        double sum = scaled * scaled + SIGMA_DATA * SIGMA_DATA;
        float[] denoised = Terms.of(scaled / Math.sqrt(sum), original)
                .plus(SIGMA_DATA * SIGMA_DATA / sum, call.sample)
                .sum();
        if (call.index + 1 == timesteps.length) {
            return new Stepper.Update(denoised, denoised);
        }
        NoiseLevel next = NoiseLevel.ofAlphaCumprod(schedule.alphaCumprod(timesteps[call.index + 1]));
        float[] prev = Terms.of(next.signal(), denoised)
                .plus(next.noise(), call.noise())
                .sum();
        return new Stepper.Update(prev, denoised);
    }
}
