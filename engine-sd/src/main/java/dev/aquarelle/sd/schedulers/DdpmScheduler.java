package dev.aquarelle.sd.schedulers;

import java.util.Set;

/**
 * Ancestral sampling of the original diffusion models (Ho et al. 2020, arXiv:2006.11239, algorithm 2), also over fewer steps.
 *
 * @param largeVariance whether the noise of a step has the variance of the forward process (beta) in place of the posterior's
 */
record DdpmScheduler(
        NoiseSchedule schedule,
        PredictionType predictionType,
        TimestepSpacing timestepSpacing,
        int stepsOffset,
        Clipping clipping,
        boolean largeVariance)
        implements Scheduler {

    private static final double SMALLEST_VARIANCE = 1e-20;

    static DdpmScheduler of(ConfigReader config) {
        String variance = config.oneOf("variance_type", "fixed_small", "fixed_small", "fixed_small_log", "fixed_large");
        return new DdpmScheduler(
                config.schedule(true),
                config.predictionType(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION),
                config.timestepSpacing(TimestepSpacing.LEADING),
                config.stepsOffset(),
                config.thresholdingOrClipping(true),
                variance.equals("fixed_large"));
    }

    @Override
    public String name() {
        return SchedulerKind.DDPM.className();
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(RunOption.TIMESTEPS);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        int[] timesteps = Timesteps.whole(
                options.has(RunOption.TIMESTEPS)
                        ? options.timesteps()
                        : timestepSpacing.timesteps(options.steps(), schedule.trainTimesteps(), stepsOffset));
        return new PlannedRun(
                this, Plan.ofTimesteps(this, timesteps, options.firstStep()), call -> step(timesteps, call));
    }

    private Stepper.Update step(int[] timesteps, Stepper.Call call) {
        int t = timesteps[call.index];
        double left = schedule.alphaCumprod(t);
        double leftAfter = call.index + 1 < timesteps.length ? schedule.alphaCumprod(timesteps[call.index + 1]) : 1;
        double alpha = left / leftAfter; // of this step, which may span several of the training's
        float[] original = clipping.apply(
                NoiseLevel.ofAlphaCumprod(left).originalSample(predictionType, call.modelOutput, call.sample),
                call.batch);

        Terms prev = Terms.of(Math.sqrt(leftAfter) * (1 - alpha) / (1 - left), original)
                .plus(Math.sqrt(alpha) * (1 - leftAfter) / (1 - left), call.sample);
        if (t > 0) {
            double posterior = Math.max((1 - leftAfter) / (1 - left) * (1 - alpha), SMALLEST_VARIANCE);
            prev.plus(Math.sqrt(largeVariance ? 1 - alpha : posterior), call.noise());
        }
        return new Stepper.Update(prev.sum(), original);
    }
}
