package dev.aquarelle.sd.schedulers;

import java.util.List;

/**
 * What the two DPM-Solvers have in common.
 *
 * @param solverOrder 1, 2 or 3
 * @param heun whether the second order looks at the end of a step in place of its middle
 * @param finalSigma that of the result: 0, or the training's smallest
 * @param cutOff how many of the noisiest training timesteps are left out
 */
record DpmSolverSettings(
        NoiseSchedule schedule,
        PredictionType predictionType,
        Clipping clipping,
        int solverOrder,
        DpmAlgorithm algorithm,
        boolean heun,
        boolean lowerOrderFinal,
        double finalSigma,
        int cutOff,
        SolverSettings solver) {

    static DpmSolverSettings of(
            ConfigReader config,
            NoiseSchedule schedule,
            boolean lowerOrderFinal,
            SolverSettings solver,
            DpmAlgorithm... algorithms) {
        config.refuse("variance_type", "");
        int order = config.integer("solver_order", 2, 1, 3);
        DpmAlgorithm algorithm = algorithm(config, algorithms);
        boolean toZero =
                config.oneOf("final_sigmas_type", "zero", "zero", "sigma_min").equals("zero");
        if (toZero && !algorithm.predictsOriginal()) {
            throw config.failure(
                    "algorithm_type %s needs final_sigmas_type sigma_min, found zero".formatted(algorithm.key()));
        }
        if (order == 3 && algorithm == DpmAlgorithm.SDE_DPMSOLVER) {
            throw config.failure("algorithm_type sde-dpmsolver has solver_order 1 or 2, found 3");
        }
        PredictionType type = SolverSettings.predictionType(config);
        if (type == PredictionType.FLOW_PREDICTION && !algorithm.predictsOriginal()) {
            throw config.failure(
                    "prediction_type flow_prediction needs algorithm_type dpmsolver++ or sde-dpmsolver++, found "
                            + algorithm.key());
        }
        double lambdaMin = config.number("lambda_min_clipped", Double.NEGATIVE_INFINITY);
        int cutOff = SigmaTable.countBelow(lambdaMin, schedule);
        if (cutOff >= schedule.trainTimesteps()) {
            throw config.failure("lambda_min_clipped: %s leaves no timestep".formatted(lambdaMin));
        }
        return new DpmSolverSettings(
                schedule,
                type,
                config.thresholding(),
                order,
                algorithm,
                // names of other solvers stand for the default: files are passed on from scheduler to scheduler
                config.oneOf("solver_type", "midpoint", "midpoint", "heun", "logrho", "bh1", "bh2")
                        .equals("heun"),
                lowerOrderFinal,
                toZero ? 0 : SigmaTable.of(schedule).first(),
                cutOff,
                solver);
    }

    /**
     * The sigma of a run's result.
     *
     * @throws SchedulerException if it is 0 and the algorithm cannot get there
     */
    double finalSigma(Scheduler scheduler, RunOptions options) {
        double sigma = options.finalSigma(finalSigma);
        if (sigma == 0 && !algorithm.predictsOriginal()) {
            throw new SchedulerException("%s: sigmas: algorithm_type %s needs a last one above 0, found 0"
                    .formatted(scheduler.name(), algorithm.key()));
        }
        return sigma;
    }

    private static DpmAlgorithm algorithm(ConfigReader config, DpmAlgorithm... algorithms) {
        if (config.isText("algorithm_type", "deis")) {
            return DpmAlgorithm.DPMSOLVER_PLUS_PLUS; // likewise
        }
        return config.oneOf("algorithm_type", DpmAlgorithm::key, DpmAlgorithm.DPMSOLVER_PLUS_PLUS, List.of(algorithms));
    }
}
