package dev.aquarelle.sd.schedulers;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Heun's method of second order (Karras et al. 2022, arXiv:2206.00364, algorithm 1): each step but one to sigma 0 looks at its end as well
 * and takes the mean of both slopes.
 */
record HeunScheduler(NoiseSchedule schedule, PredictionType predictionType, SigmaSettings settings, Clipping clipping)
        implements Scheduler {

    static HeunScheduler of(ConfigReader config) {
        return new HeunScheduler(
                config.schedule(false),
                config.predictionType(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION),
                SigmaSettings.of(config),
                config.clipping());
    }

    @Override
    public String name() {
        return SchedulerKind.HEUN.className();
    }

    @Override
    public int order() {
        return 2;
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(RunOption.TIMESTEPS, RunOption.SIGMAS);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        SigmaTable table = SigmaTable.of(schedule);
        SigmaSteps steps = settings.steps(this, table, options);
        double[] grid = steps.sigmasTo(options.finalSigma(0));
        int calls = TwoCallTables.calls(grid);
        double[] sigmas = Grid.head(Grid.doubledAfterTheFirst(grid), calls + 1);
        double end = table.timestepsOf(new double[] {grid[grid.length - 1]})[0];
        double[] timesteps = Grid.head(Grid.doubledAfterTheFirst(Grid.append(steps.timesteps(), end)), calls);
        Plan plan = Plan.exploding(
                timesteps, sigmas, sigmas, settings.initNoiseSigma(grid[0]), order() * options.firstStep());
        return new PlannedRun(this, plan, new Steps(sigmas));
    }

    private final class Steps implements Stepper {
        private final double[] sigmas;
        private float @Nullable [] stepBegin;
        private float[] slopeAtBegin = new float[0];

        Steps(double[] sigmas) {
            this.sigmas = sigmas;
        }

        @Override
        public Update step(Call call) {
            double sigma = sigmas[call.index];
            float[] original = clipping.apply(
                    NoiseLevel.exploding(sigma).originalSample(predictionType, call.modelOutput, call.sample),
                    call.batch);
            float[] slope = Karras.slope(call.sample, original, sigma);
            float[] begin = stepBegin;
            if (begin == null) {
                stepBegin = call.sample;
                slopeAtBegin = slope;
                return new Update(Karras.move(call.sample, slope, sigma, sigmas[call.index + 1]), original);
            }
            stepBegin = null;
            float[] prev = Karras.move(begin, Karras.mean(slopeAtBegin, slope), sigmas[call.index - 1], sigma);
            return new Update(prev, original);
        }
    }
}
