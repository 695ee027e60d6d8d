package dev.aquarelle.sd.schedulers;

import java.util.OptionalDouble;

/**
 * How the solvers in log-SNR (DPM-Solver, DEIS, UniPC) lay out their steps.
 *
 * @param stepsOffset the distance of the grid from 0, with {@link TimestepSpacing#LEADING}
 * @param sigmaMin the smallest sigma in place of the schedule's, where sigmas do not come from timesteps; {@code sigmaMax} likewise
 * @param wholeTimesteps whether timesteps that Karras' or Lu's sigmas give are rounded rather than cut off
 * @param flow whether the model is a rectified flow: sigma runs from 1 to 0 on a straight line, shifted by {@code flowShift}
 */
record SolverSettings(
        TimestepSpacing timestepSpacing,
        int stepsOffset,
        SigmaSpacing sigmaSpacing,
        OptionalDouble sigmaMin,
        OptionalDouble sigmaMax,
        boolean wholeTimesteps,
        boolean flow,
        double flowShift) {

    static SolverSettings of(
            ConfigReader config, TimestepSpacing timestepSpacing, boolean wholeTimesteps, SigmaSpacing... candidates) {
        config.refuse("use_dynamic_shifting", "");
        boolean flow = config.bool("use_flow_sigmas", false);
        return new SolverSettings(
                timestepSpacing,
                config.stepsOffset(),
                config.sigmaSpacing(candidates),
                config.positive("sigma_min"),
                config.positive("sigma_max"),
                wholeTimesteps,
                flow,
                flow ? config.number("flow_shift", 1, Float.MIN_NORMAL, Float.MAX_VALUE) : 1);
    }

    /** What a model of these settings may predict, besides what the solver allows. */
    static PredictionType predictionType(ConfigReader config) {
        PredictionType type = config.predictionType(PredictionType.values());
        boolean flow = config.bool("use_flow_sigmas", false);
        boolean fits = type == PredictionType.FLOW_PREDICTION ? flow : type != PredictionType.V_PREDICTION || !flow;
        if (!fits) {
            throw config.failure("prediction_type %s does not go with use_flow_sigmas %s".formatted(type.key(), flow));
        }
        return type;
    }

    /** @param cutOff how many of the noisiest training timesteps are left out */
    SigmaSteps steps(SigmaTable table, RunOptions options, int cutOff) {
        if (options.has(RunOption.SIGMAS)) {
            return SigmaSteps.given(table, options);
        }
        if (sigmaSpacing != SigmaSpacing.OF_TIMESTEPS) {
            double[] sigmas = sigmaSpacing == SigmaSpacing.LU
                    ? SigmaSpacing.evenLogarithms(table.logLast(), table.logFirst(), options.steps())
                    : sigmaSpacing.between(
                            sigmaMax.orElse(table.last()), sigmaMin.orElse(table.first()), options.steps());
            double[] timesteps = table.timestepsOf(sigmas);
            boolean round = wholeTimesteps && (sigmaSpacing == SigmaSpacing.KARRAS || sigmaSpacing == SigmaSpacing.LU);
            return new SigmaSteps(round ? Grid.rounded(timesteps) : Grid.truncated(timesteps), sigmas);
        }
        if (flow) {
            return flowSteps(options.steps(), table.size());
        }
        double[] timesteps = options.has(RunOption.TIMESTEPS)
                ? Grid.truncated(options.timesteps())
                : timestepSpacing.timestepsBeforeTheEnd(
                        options.steps(), table.size() - cutOff, table.size(), stepsOffset);
        return new SigmaSteps(timesteps, table.at(timesteps));
    }

    private SigmaSteps flowSteps(int steps, int trainTimesteps) {
        double[] alphas = Grid.linspace(1, 1.0 / trainTimesteps, steps + 1);
        double[] sigmas = new double[steps];
        double[] timesteps = new double[steps];
        for (int i = 0; i < steps; i++) {
            sigmas[i] = shifted(1 - alphas[steps - i]);
            timesteps[i] = sigmas[i] * trainTimesteps;
        }
        return new SigmaSteps(Grid.truncated(timesteps), sigmas);
    }

    /** Moved towards noise for larger pictures (Esser et al. 2024, arXiv:2403.03206, equation 23). */
    double shifted(double sigma) {
        return flowShift * sigma / (1 + (flowShift - 1) * sigma);
    }

    /** Given timesteps leave no room for sigmas that come from elsewhere, and a flow's sigmas are other ones. */
    void check(Scheduler scheduler, RunOptions options) {
        if (options.has(RunOption.SIGMAS) && flow) {
            throw new SchedulerException(
                    "%s: a run of given sigmas excludes use_flow_sigmas".formatted(scheduler.name()));
        }
        if (options.has(RunOption.TIMESTEPS) && (flow || sigmaSpacing != SigmaSpacing.OF_TIMESTEPS)) {
            throw new SchedulerException("%s: a run of given timesteps excludes %s"
                    .formatted(scheduler.name(), flow ? "use_flow_sigmas" : sigmaSpacing.key()));
        }
    }

    /** The levels of all sigmas, the result's included. */
    NoiseLevel[] levels(double[] sigmas) {
        NoiseLevel[] levels = new NoiseLevel[sigmas.length];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = flow ? NoiseLevel.flow(sigmas[i]) : NoiseLevel.preserving(sigmas[i]);
        }
        return levels;
    }
}
