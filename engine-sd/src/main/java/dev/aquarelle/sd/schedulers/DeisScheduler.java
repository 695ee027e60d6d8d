package dev.aquarelle.sd.schedulers;

import java.util.Set;

/**
 * The diffusion exponential integrator sampler (Zhang and Chen 2022, arXiv:2204.13902) in its log-rho multistep form, of first to
 * third order: the polynomial through the last predictions of the noise, in log rho, integrated over the step; rho is the ratio of
 * noise to signal.
 */
record DeisScheduler(
        NoiseSchedule schedule,
        PredictionType predictionType,
        Clipping clipping,
        int solverOrder,
        boolean lowerOrderFinal,
        SolverSettings solver)
        implements Scheduler {

    static DeisScheduler of(ConfigReader config) {
        // names of other solvers stand for the only one here: files are passed on from scheduler to scheduler
        config.oneOf("algorithm_type", "deis", "deis", "dpmsolver", "dpmsolver++");
        config.oneOf("solver_type", "logrho", "logrho", "midpoint", "heun", "bh1", "bh2");
        return new DeisScheduler(
                config.schedule(false),
                SolverSettings.predictionType(config),
                config.thresholding(),
                config.integer("solver_order", 2, 1, 3),
                config.bool("lower_order_final", true),
                SolverSettings.of(
                        config,
                        config.timestepSpacing(TimestepSpacing.LINSPACE),
                        true,
                        SigmaSpacing.KARRAS,
                        SigmaSpacing.EXPONENTIAL,
                        SigmaSpacing.BETA));
    }

    @Override
    public String name() {
        return SchedulerKind.DEIS.className();
    }

    @Override
    public Set<RunOption> options() {
        return Set.of();
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        SigmaTable table = SigmaTable.of(schedule);
        SigmaSteps steps = solver.steps(table, options, 0);
        boolean ofTimesteps = solver.sigmaSpacing() == SigmaSpacing.OF_TIMESTEPS && !solver.flow();
        double[] sigmas = steps.sigmasTo(ofTimesteps ? table.first() : steps.lastSigma());
        return new PlannedRun(
                this,
                Plan.ofLevels(steps.timesteps(), sigmas, solver.levels(sigmas), options.firstStep()),
                new DeisSteps(this, Grid.toFloat(sigmas)));
    }
}
