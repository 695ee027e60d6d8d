package dev.aquarelle.sd.schedulers;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The unified predictor-corrector (Zhao et al. 2023, arXiv:2302.04867): each call of the model corrects the step that led to it before
 * it serves for the next one.
 *
 * @param predictX0 whether the predicted clean sample is integrated, in place of the predicted noise
 * @param bh1 whether B(h) is h, in place of exp(h) - 1
 * @param uncorrected the steps that are not corrected
 * @param toZero whether the run ends at sigma 0, in place of the smallest
 * @param shiftTerminal the last sigma of a flow, or NaN to leave it
 */
record UniPcScheduler(
        NoiseSchedule schedule,
        PredictionType predictionType,
        Clipping clipping,
        int solverOrder,
        boolean predictX0,
        boolean bh1,
        boolean lowerOrderFinal,
        Set<Integer> uncorrected,
        boolean toZero,
        double shiftTerminal,
        SolverSettings solver)
        implements Scheduler {

    private static final int MAX_ORDER = 8;
    private static final double BELOW_ONE = 1e-6; // a flow that starts at pure noise starts so much below it

    static UniPcScheduler of(ConfigReader config) {
        config.refuse("solver_p", "");
        boolean predictX0 = config.bool("predict_x0", true);
        // names of other solvers stand for the default: files are passed on from scheduler to scheduler
        boolean bh1 = config.oneOf("solver_type", "bh2", "bh1", "bh2", "midpoint", "heun", "logrho")
                .equals("bh1");
        boolean lowerOrderFinal = config.bool("lower_order_final", true);
        boolean toZero =
                config.oneOf("final_sigmas_type", "zero", "zero", "sigma_min").equals("zero");
        int order = config.integer("solver_order", 2, 1, MAX_ORDER);
        if (toZero && (bh1 || !predictX0)) {
            throw config.failure("%s needs final_sigmas_type sigma_min, found zero"
                    .formatted(bh1 ? "solver_type bh1" : "predict_x0 false"));
        }
        PredictionType type = SolverSettings.predictionType(config);
        if (type == PredictionType.FLOW_PREDICTION && !predictX0) {
            throw config.failure("prediction_type flow_prediction needs predict_x0 true, found false");
        }
        SolverSettings solver = SolverSettings.of(
                config,
                config.timestepSpacing(TimestepSpacing.LINSPACE),
                true,
                SigmaSpacing.KARRAS,
                SigmaSpacing.EXPONENTIAL,
                SigmaSpacing.BETA);
        double terminal = config.positive("shift_terminal").orElse(Double.NaN);
        if (!Double.isNaN(terminal) && !(solver.flow() && terminal < 1)) {
            throw config.failure("shift_terminal: expected a number below 1 and use_flow_sigmas, found " + terminal);
        }
        return new UniPcScheduler(
                config.scheduleWithFiniteSigmas(),
                type,
                config.thresholding(),
                order,
                predictX0,
                bh1,
                lowerOrderFinal,
                config.integers("disable_corrector"),
                toZero,
                terminal,
                solver);
    }

    @Override
    public String name() {
        return SchedulerKind.UNIPC.className();
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(RunOption.SIGMAS);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        solver.check(this, options);
        boolean endsClean = options.finalSigma(toZero ? 0 : 1) == 0;
        if (endsClean && (bh1 || !predictX0)) { // of the configuration's own end this is known before
            throw new SchedulerException("%s: sigmas: %s needs a last one above 0, found 0"
                    .formatted(name(), bh1 ? "solver_type bh1" : "predict_x0 false"));
        }
        if (endsClean && !lowerOrderFinal && solverOrder > 1 && options.steps() - options.firstStep() > 1) {
            throw new SchedulerException(
                    "%s: lower_order_final false needs final_sigmas_type sigma_min, found zero".formatted(name()));
        }
        SigmaTable table = SigmaTable.of(schedule);
        SigmaSteps steps = solver.flow() ? flowSteps(table, options) : solver.steps(table, options, 0);
        boolean ofTimesteps = solver.sigmaSpacing() == SigmaSpacing.OF_TIMESTEPS && !solver.flow();
        double end = options.finalSigma(toZero ? 0 : ofTimesteps ? table.first() : steps.lastSigma());
        double[] sigmas = steps.sigmasTo(end);
        NoiseLevel[] levels = solver.levels(sigmas);
        return new PlannedRun(
                this, Plan.ofLevels(steps.timesteps(), sigmas, levels, options.firstStep()), new Steps(levels));
    }

    private SigmaSteps flowSteps(SigmaTable table, RunOptions options) {
        double[] sigmas;
        if (solver.sigmaSpacing() == SigmaSpacing.OF_TIMESTEPS) {
            sigmas = Grid.head(Grid.linspace(1, 1.0 / table.size(), options.steps() + 1), options.steps());
            for (int i = 0; i < sigmas.length; i++) {
                sigmas[i] = solver.shifted(sigmas[i]);
            }
            if (!Double.isNaN(shiftTerminal)) {
                double stretch = (1 - sigmas[sigmas.length - 1]) / (1 - shiftTerminal);
                for (int i = 0; i < sigmas.length; i++) {
                    sigmas[i] = 1 - (1 - sigmas[i]) / stretch;
                }
            }
            if (Math.abs(sigmas[0] - 1) < BELOW_ONE) {
                sigmas[0] -= BELOW_ONE;
            }
        } else {
            sigmas = solver.steps(table, options, 0).sigmas();
            for (int i = 0; i < sigmas.length; i++) {
                sigmas[i] /= sigmas[i] + 1;
            }
        }
        double[] timesteps = new double[sigmas.length];
        for (int i = 0; i < timesteps.length; i++) {
            timesteps[i] = sigmas[i] * table.size();
        }
        return new SigmaSteps(Grid.truncated(timesteps), sigmas);
    }

    private final class Steps implements Stepper {
        private final NoiseLevel[] levels;
        private final List<float[]> predictions = new ArrayList<>(); // the latest first
        private float[] stepBegin = new float[0];
        private int orderOfLast;

        Steps(NoiseLevel[] levels) {
            this.levels = levels;
        }

        @Override
        public Update step(Call call) {
            int index = call.index;
            NoiseLevel level = levels[index];
            float[] prediction = predictX0
                    ? clipping.apply(level.originalSample(predictionType, call.modelOutput, call.sample), call.batch)
                    : level.epsilon(predictionType, call.modelOutput, call.sample);
            float[] sample = call.sample;
            if (orderOfLast > 0 && !uncorrected.contains(index - 1)) {
                UniPcStep step = new UniPcStep(levels, index - 1, orderOfLast, predictX0, bh1);
                sample = step.corrected(stepBegin, predictions, prediction);
            }
            predictions.addFirst(prediction);
            int stepsLeft = levels.length - 1 - index;
            orderOfLast =
                    Math.min(predictions.size(), lowerOrderFinal ? Math.min(solverOrder, stepsLeft) : solverOrder);
            stepBegin = sample;
            float[] prev = new UniPcStep(levels, index, orderOfLast, predictX0, bh1).predicted(sample, predictions);
            if (predictions.size() > solverOrder) {
                predictions.removeLast();
            }
            return new Update(prev, predictX0 ? prediction : null);
        }
    }
}
