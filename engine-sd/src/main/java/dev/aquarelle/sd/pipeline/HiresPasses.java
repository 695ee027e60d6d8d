package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.RunOptions;
import dev.aquarelle.sd.schedulers.Scheduler;
import dev.aquarelle.sd.schedulers.SchedulerRun;

/**
 * The two passes of a {@link HiresFix}.
 *
 * @param s settled for the first pass
 */
record HiresPasses(OpenModel open, SettledRequest s, HiresFix hires, Cancellation cancellation) {

    /** Checks and compiles both passes, the larger one first, then makes them: latents of the larger size. */
    Tensor make(ProgressListener listener) {
        SettledRequest large = s.sized(hires.width(s.width()), hires.height(s.height()));
        Scheduler scheduler = open.scheduler(s.sampler());
        SchedulerRun firstRun = scheduler.start(s.steps());
        int steps = hires.scheduled(s.steps());
        SchedulerRun secondRun =
                scheduler.start(RunOptions.steps(steps).startingAt(steps - hires.stepsMade(s.steps())));
        Pass first = new Pass(open, s, firstRun, cancellation);
        Pass second = new Pass(open, large, secondRun, cancellation);
        first.require();
        second.require();
        try (Enlarger enlarger = new Enlarger(open, s, large, hires.upscaler(), cancellation)) {
            enlarger.requireMemory();
            enlarger.release();
            second.prepare();
            first.prepare();
            int calls = firstRun.count() + secondRun.count();
            Tensor small = first.make(
                    NoiseSources.of(s), Starter::ofNoise, progress -> listener.onStep(progress.within(0, calls)));
            return second.make(
                    NoiseSources.of(s),
                    starter -> {
                        Start start = enlarger.enlarged(small, starter);
                        enlarger.release();
                        return start;
                    },
                    progress -> listener.onStep(progress.within(firstRun.count(), calls)));
        }
    }
}
