package dev.aquarelle.sd.schedulers;

import java.util.Set;

/** Euler steps that go below their sigma and add noise back up to it: ancestral sampling in the form of k-diffusion (Crowson 2022). */
record EulerAncestralScheduler(NoiseSchedule schedule, PredictionType predictionType, SigmaSettings settings)
        implements Scheduler {

    static EulerAncestralScheduler of(ConfigReader config) {
        return new EulerAncestralScheduler(
                config.scheduleWithFiniteSigmas(),
                config.predictionType(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION),
                SigmaSettings.ofTimesteps(config));
    }

    @Override
    public String name() {
        return SchedulerKind.EULER_ANCESTRAL.className();
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(RunOption.SIGMAS);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        SigmaSteps steps = settings.steps(this, SigmaTable.of(schedule), options);
        double[] sigmas = steps.sigmasTo(options.finalSigma(0));
        Plan plan = Plan.exploding(
                steps.timesteps(), sigmas, sigmas, settings.initNoiseSigma(sigmas[0]), options.firstStep());
        return new PlannedRun(this, plan, call -> {
            double from = sigmas[call.index];
            double to = sigmas[call.index + 1];
            float[] original = NoiseLevel.exploding(from).originalSample(predictionType, call.modelOutput, call.sample);
            float[] slope = Karras.slope(call.sample, original, from);
            float[] down = Karras.move(call.sample, slope, from, Karras.down(from, to));
            return new Stepper.Update(Karras.addNoise(down, call.noise(), Karras.up(from, to)), original);
        });
    }
}
