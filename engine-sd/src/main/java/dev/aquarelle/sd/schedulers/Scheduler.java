package dev.aquarelle.sd.schedulers;

import java.util.Set;

/** A sampler with its configuration: immutable, for any number of runs at once. */
public interface Scheduler {
    /** The name of its class in configuration files, as in messages. */
    String name();

    /** The forward process the model was trained with. */
    NoiseSchedule schedule();

    /** What the model predicts. */
    PredictionType predictionType();

    /** How many calls of the model a step takes, the last one excepted: 1 or 2. */
    default int order() {
        return 1;
    }

    /** What a run may ask for beyond the number of steps. */
    Set<RunOption> options();

    /**
     * A run of so many steps from pure noise.
     *
     * @throws SchedulerException if there cannot be so many steps
     */
    default SchedulerRun start(int steps) {
        return start(RunOptions.steps(steps));
    }

    /**
     * A run.
     *
     * @throws SchedulerException if an option is none of this scheduler's, or its value makes no sense here
     */
    SchedulerRun start(RunOptions options);
}
