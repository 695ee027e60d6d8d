package dev.aquarelle.sd.schedulers;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * DPM-Solver and DPM-Solver++ as singlestep methods (Lu et al. 2022, arXiv:2206.00927 and arXiv:2211.01095): groups of one, two or
 * three steps, each of which starts again at the begin of its group, with one order more.
 */
record DpmSolverSinglestepScheduler(DpmSolverSettings settings) implements Scheduler {

    static DpmSolverSinglestepScheduler of(ConfigReader config) {
        SolverSettings solver = SolverSettings.of(
                config,
                TimestepSpacing.LINSPACE,
                true,
                SigmaSpacing.KARRAS,
                SigmaSpacing.EXPONENTIAL,
                SigmaSpacing.BETA);
        return new DpmSolverSinglestepScheduler(DpmSolverSettings.of(
                config,
                config.schedule(false),
                config.bool("lower_order_final", false),
                solver,
                DpmAlgorithm.DPMSOLVER,
                DpmAlgorithm.DPMSOLVER_PLUS_PLUS,
                DpmAlgorithm.SDE_DPMSOLVER_PLUS_PLUS));
    }

    @Override
    public String name() {
        return SchedulerKind.DPM_SOLVER_SINGLESTEP.className();
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
        int[] orders = orders(levels);
        return new PlannedRun(
                this, Plan.ofLevels(steps.timesteps(), sigmas, levels, options.firstStep()), new Steps(levels, orders));
    }

    /** The order of each step: 1, 2, ... up to the solver's, again and again; at the end lower ones where groups do not come out even. */
    private int[] orders(NoiseLevel[] levels) {
        int steps = levels.length - 1;
        int group = settings.solverOrder();
        int[] orders = new int[steps];
        for (int i = 0; i < steps; i++) {
            orders[i] = i % group + 1;
        }
        if (levels[steps].noise() == 0 || settings.lowerOrderFinal() && steps % group == 0) {
            orders[steps - 1] = 1;
        }
        return orders;
    }

    private final class Steps implements Stepper {
        private final NoiseLevel[] levels;
        private final int[] orders;
        private final List<float[]> predictions = new ArrayList<>(); // the latest first
        private float[] groupBegin = new float[0];

        Steps(NoiseLevel[] levels, int[] orders) {
            this.levels = levels;
            this.orders = orders;
        }

        @Override
        public Update step(Call call) {
            DpmAlgorithm algorithm = settings.algorithm();
            predictions.addFirst(algorithm.converted(levels[call.index], predictionType(), settings.clipping(), call));
            int order = Math.min(orders[call.index], predictions.size());
            if (order == 1) {
                groupBegin = call.sample;
            }
            NoiseLevel from = levels[call.index - order + 1];
            NoiseLevel to = levels[call.index + 1];
            double h = to.lambda() - from.lambda();
            Terms prev = Terms.of(algorithm.ofSample(from, to, h), groupBegin)
                    .plus(algorithm.ofPrediction(to, h), predictions.get(order - 1));
            switch (order) {
                case 1 -> {}
                case 2 -> secondOrder(prev, call.index, h);
                default -> thirdOrder(prev, call.index, h);
            }
            if (algorithm.addsNoise()) {
                prev.plus(algorithm.ofNoise(to, h), call.noise());
            }
            Update update = new Update(prev.sum(), algorithm.predictsOriginal() ? predictions.getFirst() : null);
            if (predictions.size() == settings.solverOrder()) {
                predictions.removeLast();
            }
            return update;
        }

        /** {@code D1 = (m0 - m1) / r0}, from the group's begin. */
        private void secondOrder(Terms prev, int index, double h) {
            NoiseLevel to = levels[index + 1];
            double r0 = (levels[index].lambda() - levels[index - 1].lambda()) / h;
            double ofD1 = settings.heun()
                    ? settings.algorithm().ofDifferenceByHeun(to, h)
                    : settings.algorithm().ofDifferenceByMidpoint(to, h);
            prev.plus(ofD1 / r0, predictions.get(0)).plus(-ofD1 / r0, predictions.get(1));
        }

        /** With {@code a = (m1 - m2) / r1} and {@code b = (m0 - m2) / r0}, the slopes from the group's begin. */
        private void thirdOrder(Terms prev, int index, double h) {
            NoiseLevel to = levels[index + 1];
            double begin = levels[index - 2].lambda();
            double r0 = (levels[index].lambda() - begin) / h;
            double r1 = (levels[index - 1].lambda() - begin) / h;
            double ofD1 = settings.algorithm().ofDifferenceByHeun(to, h);
            double ofA = 0;
            double ofB = ofD1;
            if (settings.heun()) { // D1 = (r0 a - r1 b) / (r0 - r1),  D2 = 2 (b - a) / (r0 - r1); else D1 = b
                double ofD2 = settings.algorithm().ofSecondDifference(to, h);
                ofA = (ofD1 * r0 - 2 * ofD2) / (r0 - r1);
                ofB = (2 * ofD2 - ofD1 * r1) / (r0 - r1);
            }
            prev.plus(ofB / r0, predictions.get(0))
                    .plus(ofA / r1, predictions.get(1))
                    .plus(-ofA / r1 - ofB / r0, predictions.get(2));
        }
    }
}
