package dev.aquarelle.sd.schedulers;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@link Dpm2Scheduler} with steps that go below their sigma and add noise back up to it (k-diffusion, Crowson 2022). */
record Dpm2AncestralScheduler(NoiseSchedule schedule, PredictionType predictionType, SigmaSettings settings)
        implements Scheduler {

    static Dpm2AncestralScheduler of(ConfigReader config) {
        return new Dpm2AncestralScheduler(
                config.schedule(false),
                config.predictionType(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION),
                SigmaSettings.of(config));
    }

    @Override
    public String name() {
        return SchedulerKind.DPM2_ANCESTRAL.className();
    }

    @Override
    public int order() {
        return 2;
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(RunOption.SIGMAS);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        SigmaTable table = SigmaTable.of(schedule);
        SigmaSteps steps = settings.steps(this, table, options);
        double[] grid = steps.sigmasTo(options.finalSigma(0));
        double[] middles = new double[options.steps()]; // on the way down; 0 for the last step, which goes to 0
        for (int i = 0; i < middles.length; i++) {
            middles[i] = Karras.middle(grid[i], Karras.down(grid[i], grid[i + 1]));
        }
        TwoCallTables tables = TwoCallTables.of(table, settings, steps, grid, middles);
        Plan plan = tables.plan(settings, order() * options.firstStep());
        return new PlannedRun(this, plan, new Steps(grid, middles));
    }

    private final class Steps implements Stepper {
        private final double[] grid;
        private final double[] middles;
        private float @Nullable [] stepBegin;

        Steps(double[] grid, double[] middles) {
            this.grid = grid;
            this.middles = middles;
        }

        @Override
        public Update step(Call call) {
            int step = call.index / 2;
            double from = grid[step];
            double to = grid[step + 1];
            double middle = middles[step];
            float[] begin = stepBegin;
            double sigma = begin == null ? from : middle;
            float[] original =
                    NoiseLevel.exploding(sigma).originalSample(predictionType, call.modelOutput, call.sample);
            float[] slope = Karras.slope(call.sample, original, sigma);
            if (begin == null) {
                stepBegin = call.sample;
                return new Update(Karras.move(call.sample, slope, from, middle), original);
            }
            stepBegin = null;
            float[] down = Karras.move(begin, slope, from, Karras.down(from, to));
            return new Update(Karras.addNoise(down, call.noise(), Karras.up(from, to)), original);
        }
    }
}
