package dev.aquarelle.sd.schedulers;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * DPM-Solver and DPM-Solver++ as multistep methods, of first to third order (Lu et al. 2022, arXiv:2206.00927 and arXiv:2211.01095),
 * with or without noise on the way: "DPM++ 2M", "DPM++ 2M SDE", "DPM++ 3M SDE". The noise of the latter two is independent in diffusers and cut
 * out of a Brownian path in k-diffusion.
 *
 * @param eulerAtFinal whether the last step is of first order in any case
 */
record DpmSolverMultistepScheduler(DpmSolverSettings settings, boolean eulerAtFinal) implements Scheduler {

    static final int FEW_STEPS = 15; // below it the last steps are of lower order, for stability

    static DpmSolverMultistepScheduler of(ConfigReader config) {
        NoiseSchedule schedule = config.scheduleWithFiniteSigmas();
        SolverSettings solver = SolverSettings.of(
                config,
                config.timestepSpacing(TimestepSpacing.LINSPACE),
                !config.isText("beta_schedule", BetaSchedule.SQUAREDCOS_CAP_V2.key()),
                SigmaSpacing.KARRAS,
                SigmaSpacing.LU,
                SigmaSpacing.EXPONENTIAL,
                SigmaSpacing.BETA);
        return new DpmSolverMultistepScheduler(
                DpmSolverSettings.of(
                        config, schedule, config.bool("lower_order_final", true), solver, DpmAlgorithm.values()),
                config.bool("euler_at_final", false));
    }

    @Override
    public String name() {
        return SchedulerKind.DPM_SOLVER_MULTISTEP.className();
    }

    @Override
    public NoiseSchedule schedule() {
        return settings.schedule();
    }

    @Override
    public PredictionType predictionType() {
        return settings.predictionType();
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(RunOption.TIMESTEPS, RunOption.SIGMAS);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        settings.solver().check(this, options);
        SigmaSteps steps = settings.solver().steps(SigmaTable.of(schedule()), options, settings.cutOff());
        double[] sigmas = steps.sigmasTo(settings.finalSigma(this, options));
        NoiseLevel[] levels = settings.solver().levels(sigmas);
        Plan plan = Plan.ofLevels(steps.timesteps(), sigmas, levels, options.firstStep());
        boolean ofKDiffusion = settings.algorithm() == DpmAlgorithm.SDE_DPMSOLVER_PLUS_PLUS;
        NoisePath path = ofKDiffusion ? NoisePath.along(plan.sigmas, null, false) : null;
        return new PlannedRun(this, plan, new Steps(sigmas, levels), path);
    }

    private final class Steps implements Stepper {
        private final double[] sigmas;
        private final NoiseLevel[] levels;
        private final List<float[]> predictions = new ArrayList<>(); // the latest first

        Steps(double[] sigmas, NoiseLevel[] levels) {
            this.sigmas = sigmas;
            this.levels = levels;
        }

        @Override
        public Update step(Call call) {
            DpmAlgorithm algorithm = settings.algorithm();
            NoiseLevel from = levels[call.index];
            NoiseLevel to = levels[call.index + 1];
            double h = to.lambda() - from.lambda();
            float[] prediction = algorithm.converted(from, predictionType(), settings.clipping(), call);
            predictions.addFirst(prediction);
            Terms prev = Terms.of(algorithm.ofSample(from, to, h), call.sample)
                    .plus(algorithm.ofPrediction(to, h), prediction);
            switch (order(call.index)) {
                case 1 -> {}
                case 2 -> secondOrder(prev, call.index, h);
                default -> thirdOrder(prev, call.index, h);
            }
            if (algorithm.addsNoise()) {
                prev.plus(algorithm.ofNoise(to, h), call.noise(sigmas[call.index], sigmas[call.index + 1]));
            }
            if (predictions.size() == settings.solverOrder()) {
                predictions.removeLast();
            }
            return new Update(prev.sum(), algorithm.predictsOriginal() ? prediction : null);
        }

        private int order(int index) {
            int stepsLeft = levels.length - 1 - index;
            boolean lowerOrder = settings.lowerOrderFinal() && levels.length - 1 < FEW_STEPS;
            int order = Math.min(settings.solverOrder(), predictions.size());
            boolean endsClean = levels[levels.length - 1].noise() == 0;
            if (stepsLeft == 1 && (eulerAtFinal || lowerOrder || endsClean)) {
                return 1;
            }
            return stepsLeft == 2 && lowerOrder ? Math.min(order, 2) : order;
        }

        /** The slope of the predictions over the last step, {@code D1 = (m0 - m1) / r0}. */
        private void secondOrder(Terms prev, int index, double h) {
            NoiseLevel to = levels[index + 1];
            double r0 = (lambda(index) - lambda(index - 1)) / h;
            double ofD1 = settings.heun()
                    ? settings.algorithm().ofDifferenceByHeun(to, h)
                    : settings.algorithm().ofDifferenceByMidpoint(to, h);
            prev.plus(ofD1 / r0, predictions.get(0)).plus(-ofD1 / r0, predictions.get(1));
        }

        /** Slope and curvature over the last two steps. */
        private void thirdOrder(Terms prev, int index, double h) {
            NoiseLevel to = levels[index + 1];
            double r0 = (lambda(index) - lambda(index - 1)) / h;
            double r1 = (lambda(index - 1) - lambda(index - 2)) / h;
            double ofD1 = settings.algorithm().ofDifferenceByHeun(to, h);
            double ofD2 = settings.algorithm().ofSecondDifference(to, h);
            // with a = (m0 - m1) / r0 and b = (m1 - m2) / r1:  D1 = a + r0 / (r0 + r1) (a - b),  D2 = (a - b) / (r0 +
            // r1)
            double ofChange = (ofD1 * r0 + ofD2) / (r0 + r1);
            double ofA = (ofD1 + ofChange) / r0;
            double ofB = -ofChange / r1;
            prev.plus(ofA, predictions.get(0))
                    .plus(ofB - ofA, predictions.get(1))
                    .plus(-ofB, predictions.get(2));
        }

        private double lambda(int index) {
            return levels[index].lambda();
        }
    }
}
