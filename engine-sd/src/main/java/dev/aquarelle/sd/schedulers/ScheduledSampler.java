package dev.aquarelle.sd.schedulers;

import java.util.EnumSet;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A sampler whose runs visit the noise levels of a schedule.
 *
 * @param sampler takes them
 * @param levels which they are
 * @param aligned those of the model's family
 */
record ScheduledSampler(Scheduler sampler, Schedule levels, AlignYourSteps aligned) implements Scheduler {

    @Override
    public String name() {
        return sampler.name();
    }

    @Override
    public NoiseSchedule schedule() {
        return sampler.schedule();
    }

    @Override
    public PredictionType predictionType() {
        return sampler.predictionType();
    }

    @Override
    public int order() {
        return sampler.order();
    }

    /** Those of the sampler, but which steps it makes. */
    @Override
    public Set<RunOption> options() {
        Set<RunOption> left = EnumSet.noneOf(RunOption.class);
        left.addAll(sampler.options());
        left.remove(RunOption.TIMESTEPS);
        left.remove(RunOption.SIGMAS);
        return left;
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        OptionalInt own = levels.steps();
        if (own.isPresent() && own.getAsInt() != options.steps()) {
            throw new SchedulerException("%s: expected %d steps, as its schedule %s has them, found %d"
                    .formatted(name(), own.getAsInt(), levels.description(), options.steps()));
        }
        return sampler.start(options.withStepsOf(
                switch (levels) {
                    case ScheduleType type ->
                        RunOptions.sigmas(type.sigmas(options.steps(), SigmaTable.of(schedule()), aligned));
                    case Schedule.Timesteps timesteps -> timesteps.run();
                    case Schedule.Sigmas sigmas -> sigmas.run();
                }));
    }
}
