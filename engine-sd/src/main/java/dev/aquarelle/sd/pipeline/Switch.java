package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.schedulers.NoisePath;
import dev.aquarelle.sd.schedulers.NoiseSource;
import dev.aquarelle.sd.schedulers.RunOptions;
import dev.aquarelle.sd.schedulers.Scheduler;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import dev.aquarelle.sd.schedulers.StepResult;
import java.util.Optional;

/**
 * Where one model's run ends and another's begins: at the first step whose timestep is below a part of the training's. Samplers that look twice
 * are cut between their steps.
 *
 * @param at the part of the training's timesteps that the first model goes through
 */
record Switch(double at) {

    /** The steps of a scheduler before the switch. */
    int stepsBefore(Scheduler scheduler, int steps) {
        return stepsBefore(scheduler, scheduler.start(steps).timesteps());
    }

    private int stepsBefore(Scheduler scheduler, float[] timesteps) {
        int trained = scheduler.schedule().trainTimesteps();
        double cutoff = Math.rint(trained - at * trained);
        int steps = 0;
        for (int call = 0; call < timesteps.length; call += scheduler.order()) {
            steps += timesteps[call] >= cutoff ? 1 : 0;
        }
        return steps;
    }

    /**
     * A run up to the switch.
     *
     * @throws IllegalArgumentException if that is none of its steps, or all of them
     */
    SchedulerRun before(Scheduler scheduler, int steps) {
        SchedulerRun whole = scheduler.start(steps);
        int calls = stepsBefore(scheduler, whole.timesteps()) * scheduler.order();
        if (calls == 0 || calls >= whole.count()) {
            throw new IllegalArgumentException(
                    "refiner: expected a start that leaves both models some of %d steps, found %s"
                            .formatted(steps, at));
        }
        return new FirstCalls(whole, calls);
    }

    /**
     * A run from the switch on.
     *
     * @throws IllegalArgumentException if that is none of its steps
     */
    SchedulerRun after(Scheduler scheduler, int steps) {
        SchedulerRun whole = scheduler.start(steps);
        int first = stepsBefore(scheduler, whole.timesteps());
        if (first * scheduler.order() >= whole.count()) {
            throw new IllegalArgumentException(
                    "refiner: expected a start that leaves it some of %d steps, found %s".formatted(steps, at));
        }
        return scheduler.start(RunOptions.steps(steps).startingAt(first));
    }

    /** A run that ends before its end. */
    private record FirstCalls(SchedulerRun run, int count) implements SchedulerRun {
        @Override
        public float timestep(int call) {
            return run.timestep(call);
        }

        @Override
        public float[] timesteps() {
            return run.timesteps();
        }

        @Override
        public float[] sigmas() {
            return run.sigmas();
        }

        @Override
        public float initNoiseSigma() {
            return run.initNoiseSigma();
        }

        @Override
        public Optional<NoisePath> noisePath() {
            return run.noisePath();
        }

        @Override
        public Tensor initialLatents(Tensor noise) {
            return run.initialLatents(noise);
        }

        @Override
        public Tensor addNoise(int call, Tensor original, Tensor noise) {
            return run.addNoise(call, original, noise);
        }

        @Override
        public Tensor scaleModelInput(int call, Tensor latents) {
            return run.scaleModelInput(call, latents);
        }

        @Override
        public StepResult step(int call, Tensor modelOutput, Tensor latents, NoiseSource noise) {
            return run.step(call, modelOutput, latents, noise);
        }
    }
}
