package dev.aquarelle.sd.schedulers;

import java.util.Set;

/**
 * Trajectory consistency distillation (Zheng et al. 2024, arXiv:2402.19159): each step goes deterministically below the next level, by
 * the part {@link RunOption#ETA} (gamma in the paper, 0.3 if absent), and back up to it with noise.
 *
 * @param distilled the steps the model was distilled with
 */
record TcdScheduler(NoiseSchedule schedule, PredictionType predictionType, DistilledSteps distilled)
        implements Scheduler {

    /** Clipping and thresholding are in the files of this scheduler and without effect in the reference as well. */
    static TcdScheduler of(ConfigReader config) {
        NoiseSchedule schedule = config.schedule(true);
        return new TcdScheduler(
                schedule,
                config.predictionType(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION),
                DistilledSteps.of(config, schedule));
    }

    @Override
    public String name() {
        return SchedulerKind.TCD.className();
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(RunOption.TIMESTEPS, RunOption.ETA, RunOption.ORIGINAL_INFERENCE_STEPS, RunOption.STRENGTH);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        int[] timesteps = distilled.timesteps(this, options, true);
        double eta = options.get(RunOption.ETA, 0.3);
        return new PlannedRun(
                this, Plan.ofTimesteps(this, timesteps, options.firstStep()), call -> step(timesteps, eta, call));
    }

    private Stepper.Update step(int[] timesteps, double eta, Stepper.Call call) {
        boolean last = call.index + 1 == timesteps.length;
        int next = last ? 0 : timesteps[call.index + 1];
        int below = (int) ((float) (1 - eta) * next); // in single precision: which timestep it is may hang on it
        NoiseLevel level = NoiseLevel.ofAlphaCumprod(schedule.alphaCumprod(timesteps[call.index]));
        double leftBelow = schedule.alphaCumprod(below);
        NoiseLevel levelBelow = NoiseLevel.ofAlphaCumprod(leftBelow);

        float[] original = level.originalSample(predictionType, call.modelOutput, call.sample);
        float[] epsilon = level.epsilon(predictionType, call.modelOutput, call.sample);
        if (eta == 0 || last) {
            float[] prev = Terms.of(levelBelow.signal(), original)
                    .plus(levelBelow.noise(), epsilon)
                    .sum();
            return new Stepper.Update(prev, original);
        }
        double kept = schedule.alphaCumprod(next) / leftBelow;
        float[] prev = Terms.of(levelBelow.signal() * Math.sqrt(kept), original)
                .plus(levelBelow.noise() * Math.sqrt(kept), epsilon)
                .plus(Math.sqrt(1 - kept), call.noise())
                .sum();
        return new Stepper.Update(prev, original);
    }
}
