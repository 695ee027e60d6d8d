package dev.aquarelle.sd.schedulers;

import java.util.Set;

/**
 * Denoising diffusion implicit models (Song et al. 2020, arXiv:2010.02502, equation 12): deterministic, or with the part
 * {@link RunOption#ETA} of ancestral sampling's noise.
 *
 * @param finalAlphaCumprod what is left of the sample behind the last step: 1, or that of the first training timestep
 */
record DdimScheduler(
        NoiseSchedule schedule,
        PredictionType predictionType,
        TimestepSpacing timestepSpacing,
        int stepsOffset,
        Clipping clipping,
        float finalAlphaCumprod)
        implements Scheduler {

    static DdimScheduler of(ConfigReader config) {
        NoiseSchedule schedule = config.schedule(true);
        return new DdimScheduler(
                schedule,
                config.predictionType(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION),
                config.timestepSpacing(TimestepSpacing.LEADING),
                config.stepsOffset(),
                config.thresholdingOrClipping(true),
                config.bool("set_alpha_to_one", true) ? 1 : schedule.alphaCumprod(0));
    }

    @Override
    public String name() {
        return SchedulerKind.DDIM.className();
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(RunOption.ETA, RunOption.USE_CLIPPED_MODEL_OUTPUT);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        int trainTimesteps = schedule.trainTimesteps();
        int[] timesteps = Timesteps.whole(timestepSpacing.timesteps(options.steps(), trainTimesteps, stepsOffset));
        int distance = trainTimesteps / options.steps();
        return new PlannedRun(
                this,
                Plan.ofTimesteps(this, timesteps, options.firstStep()),
                call -> step(timesteps[call.index], timesteps[call.index] - distance, options, call));
    }

    private Stepper.Update step(int t, int next, RunOptions options, Stepper.Call call) {
        float left = schedule.alphaCumprod(t);
        float leftAfter = next >= 0 ? schedule.alphaCumprod(next) : finalAlphaCumprod;
        NoiseLevel level = NoiseLevel.ofAlphaCumprod(left);
        float[] original =
                clipping.apply(level.originalSample(predictionType, call.modelOutput, call.sample), call.batch);
        float[] epsilon = options.get(RunOption.USE_CLIPPED_MODEL_OUTPUT, 0) != 0
                ? level.epsilonOf(original, call.sample)
                : level.epsilon(predictionType, call.modelOutput, call.sample);

        float eta = (float) options.get(RunOption.ETA, 0);
        float variance = (1 - leftAfter) / (1 - left) * (1 - left / leftAfter);
        float deviation = eta * EstimatedRoot.of(Math.max(variance, 0));
        float direction = 1 - leftAfter - deviation * deviation; // with eta 1 a difference of nearly equal numbers
        Terms prev = Terms.of(Math.sqrt(leftAfter), original).plus(EstimatedRoot.of(Math.max(direction, 0)), epsilon);
        if (eta > 0) {
            prev.plus(deviation, call.noise());
        }
        return new Stepper.Update(prev.sum(), original);
    }
}
