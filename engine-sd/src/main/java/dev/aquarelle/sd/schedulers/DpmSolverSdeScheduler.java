package dev.aquarelle.sd.schedulers;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The stochastic DPM-Solver++ of k-diffusion ("DPM++ SDE", Crowson 2022, after Lu et al. 2022, arXiv:2211.01095): exponential steps,
 * each with a look at its geometric middle and with noise added at both, cut out of one Brownian path: both are the way of the path from the
 * step's begin.
 *
 * @param noiseSeed of every picture's path; if {@code null} it is the picture's own, where diffusers takes a seed by chance. Diffusers cuts the
 *     noise of a whole batch out of one path of this seed; here it is the same for each picture, which so does not depend on those beside it.
 */
record DpmSolverSdeScheduler(
        NoiseSchedule schedule,
        PredictionType predictionType,
        SigmaSettings settings,
        @Nullable Long noiseSeed) implements Scheduler {

    static DpmSolverSdeScheduler of(ConfigReader config) {
        return new DpmSolverSdeScheduler(
                config.schedule(false),
                config.predictionType(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION),
                SigmaSettings.of(config).withoutEndsOfKarras(),
                config.seed("noise_sampler_seed"));
    }

    @Override
    public String name() {
        return SchedulerKind.DPM_SOLVER_SDE.className();
    }

    @Override
    public int order() {
        return 2;
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(RunOption.SIGMAS, RunOption.S_NOISE);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        SigmaTable table = SigmaTable.of(schedule);
        SigmaSteps steps = settings.steps(this, table, options);
        double end = options.finalSigma(0);
        double[] grid = steps.sigmasTo(end);
        double[] ends = Grid.append(steps.sigmas(), end);
        double[] timesteps =
                Grid.head(Grid.doubledAfterTheFirst(Grid.append(steps.timesteps(), 0)), TwoCallTables.calls(grid));
        double[] sigmas = Grid.head(Grid.doubledAfterTheFirst(grid), timesteps.length + 1);
        double[] modelSigmas = sigmas.clone();
        for (int i = 1; i < timesteps.length; i += 2) {
            double middle = Math.sqrt(grid[i / 2] * grid[i / 2 + 1]);
            modelSigmas[i] = middle;
            timesteps[i] = table.timestepsOf(new double[] {Math.sqrt(ends[i / 2] * ends[i / 2 + 1])})[0];
        }
        Plan plan = Plan.exploding(
                timesteps, sigmas, modelSigmas, settings.initNoiseSigma(grid[0]), order() * options.firstStep());
        return new PlannedRun(
                this,
                plan,
                new Steps(grid, options.get(RunOption.S_NOISE, 1)),
                NoisePath.along(plan.sigmas, noiseSeed, true));
    }

    private final class Steps implements Stepper {
        private final double[] grid;
        private final double noiseScale;
        private float @Nullable [] stepBegin;

        Steps(double[] grid, double noiseScale) {
            this.grid = grid;
            this.noiseScale = noiseScale;
        }

        @Override
        public Update step(Call call) {
            int step = call.index / 2;
            double from = grid[step];
            double to = grid[step + 1];
            double middle = Math.sqrt(from * to);
            float logFrom = (float) StrictMath.log(from);
            float logTo = (float) StrictMath.log(to);
            float[] begin = stepBegin;
            if (begin == null) {
                float[] original =
                        NoiseLevel.exploding(from).originalSample(predictionType, call.modelOutput, call.sample);
                if (to == 0) {
                    return new Update(original, original);
                }
                stepBegin = call.sample;
                float[] noise = noise(call, logFrom, logFrom + (logTo - logFrom) * 0.5f);
                return new Update(noisyStep(call.sample, original, from, middle, noise), original);
            }
            float[] original =
                    NoiseLevel.exploding(middle).originalSample(predictionType, call.modelOutput, call.sample);
            stepBegin = null;
            return new Update(noisyStep(begin, original, from, to, noise(call, logFrom, logTo)), original);
        }

        /** Noise between two sigmas that went there and back through single-precision logarithms, as they do in the references. */
        private static float[] noise(Call call, float logFrom, float logTo) {
            return call.noise((float) StrictMath.exp(logFrom), (float) StrictMath.exp(logTo));
        }

        private float[] noisyStep(float[] sample, float[] original, double from, double to, float[] noise) {
            double kept = Karras.down(from, to) / from;
            return Terms.of(kept, sample)
                    .plus(1 - kept, original)
                    .plus(noiseScale * Karras.up(from, to), noise)
                    .sum();
        }
    }
}
