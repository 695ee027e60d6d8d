package dev.aquarelle.sd.schedulers;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The second-order solver of k-diffusion (Crowson 2022) after DPM-Solver-2 (Lu et al. 2022, arXiv:2206.00927): each step but the last
 * takes its slope from its geometric middle.
 */
record Dpm2Scheduler(NoiseSchedule schedule, PredictionType predictionType, SigmaSettings settings)
        implements Scheduler {

    static Dpm2Scheduler of(ConfigReader config) {
        return new Dpm2Scheduler(
                config.schedule(false),
                config.predictionType(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION),
                SigmaSettings.of(config));
    }

    @Override
    public String name() {
        return SchedulerKind.DPM2.className();
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
        double[] middles = new double[options.steps()]; // of each step; 0 for the last one, which goes to 0
        for (int i = 0; i < middles.length; i++) {
            middles[i] = Karras.middle(grid[i + 1], grid[i]);
        }
        TwoCallTables tables = TwoCallTables.of(table, settings, steps, grid, middles);
        Plan plan = tables.plan(settings, order() * options.firstStep());
        return new PlannedRun(this, plan, new Steps(tables.sigmas(), middles));
    }

    private final class Steps implements Stepper {
        private final double[] sigmas;
        private final double[] middles;
        private float @Nullable [] stepBegin;

        Steps(double[] sigmas, double[] middles) {
            this.sigmas = sigmas;
            this.middles = middles;
        }

        @Override
        public Update step(Call call) {
            double middle = middles[call.index / 2];
            float[] begin = stepBegin;
            double sigma = begin == null ? sigmas[call.index] : middle;
            float[] original =
                    NoiseLevel.exploding(sigma).originalSample(predictionType, call.modelOutput, call.sample);
            float[] slope = Karras.slope(call.sample, original, sigma);
            if (begin == null) {
                stepBegin = call.sample;
                return new Update(Karras.move(call.sample, slope, sigma, middle), original);
            }
            stepBegin = null;
            return new Update(Karras.move(begin, slope, sigmas[call.index - 1], sigmas[call.index]), original);
        }
    }
}
