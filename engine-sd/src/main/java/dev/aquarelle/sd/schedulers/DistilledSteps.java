package dev.aquarelle.sd.schedulers;

import java.util.stream.IntStream;

/**
 * The timesteps a consistency model was distilled with, of which a run visits some.
 *
 * @param originalInferenceSteps how many there are, 50 as a rule; at equal distances, the last training timestep among them
 */
record DistilledSteps(int originalInferenceSteps) {

    static DistilledSteps of(ConfigReader config, NoiseSchedule schedule) {
        return new DistilledSteps(config.integer("original_inference_steps", 50, 1, schedule.trainTimesteps()));
    }

    /** @param allWhenAsked whether a run that names a number of original steps may visit all training timesteps (TCD) */
    int[] timesteps(Scheduler scheduler, RunOptions options, boolean allWhenAsked) {
        int train = scheduler.schedule().trainTimesteps();
        double strength = options.get(RunOption.STRENGTH, 1);
        if (options.has(RunOption.TIMESTEPS)) {
            int left = Math.min((int) (options.steps() * strength), options.steps());
            int[] given = Timesteps.whole(options.timesteps());
            return nonEmpty(
                    scheduler,
                    options,
                    IntStream.of(given).skip(given.length - left).toArray());
        }
        int original = (int) options.get(RunOption.ORIGINAL_INFERENCE_STEPS, originalInferenceSteps);
        boolean all = allWhenAsked && options.has(RunOption.ORIGINAL_INFERENCE_STEPS);
        if (original > train) {
            throw new SchedulerException("%s: original_inference_steps: expected 1 to %d, found %d"
                    .formatted(scheduler.name(), train, original));
        }
        int count = (int) ((all ? train : original) * strength);
        if (options.steps() > Math.min(count, original)) {
            throw new SchedulerException("%s: expected at most %d steps, of %d original ones at strength %s, found %d"
                    .formatted(scheduler.name(), Math.min(count, original), original, strength, options.steps()));
        }
        int distance = train / original;
        double stride = (double) count / options.steps();
        return IntStream.range(0, options.steps())
                .map(i -> count - 1 - (int) (i * stride))
                .map(i -> all ? i : (i + 1) * distance - 1)
                .toArray();
    }

    private static int[] nonEmpty(Scheduler scheduler, RunOptions options, int[] timesteps) {
        if (timesteps.length == 0) {
            throw new SchedulerException("%s: %d timesteps at strength %s leave none"
                    .formatted(scheduler.name(), options.steps(), options.get(RunOption.STRENGTH, 1)));
        }
        return timesteps;
    }
}
