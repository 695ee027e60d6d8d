package dev.aquarelle.sd.schedulers;

import java.util.Set;

/**
 * Euler's method on the probability flow in Karras' form (Karras et al. 2022, arXiv:2206.00364, algorithm 2 without its second order),
 * with noise added and taken away again where {@link RunOption#S_CHURN} asks for it.
 *
 * @param logLinear whether sigmas lie at equal distances of their logarithms between the ends of the training's
 * @param continuous whether a v-prediction model is told {@code ln(sigma) / 4} in place of a timestep
 * @param finalSigma that of the result: 0, or the training's smallest
 */
record EulerScheduler(
        NoiseSchedule schedule,
        PredictionType predictionType,
        SigmaSettings settings,
        boolean logLinear,
        boolean continuous,
        double finalSigma)
        implements Scheduler {

    private static final double MOST_CHURN = Math.sqrt(2) - 1;

    static EulerScheduler of(ConfigReader config) {
        NoiseSchedule schedule = config.scheduleWithFiniteSigmas();
        PredictionType predictionType =
                config.predictionType(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION);
        boolean continuous = config.oneOf("timestep_type", "discrete", "discrete", "continuous")
                .equals("continuous");
        return new EulerScheduler(
                schedule,
                predictionType,
                SigmaSettings.of(config),
                config.oneOf("interpolation_type", "linear", "linear", "log_linear")
                        .equals("log_linear"),
                continuous && predictionType == PredictionType.V_PREDICTION,
                config.oneOf("final_sigmas_type", "zero", "zero", "sigma_min").equals("zero")
                        ? 0
                        : SigmaTable.of(schedule).first());
    }

    @Override
    public String name() {
        return SchedulerKind.EULER.className();
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(
                RunOption.TIMESTEPS,
                RunOption.SIGMAS,
                RunOption.S_CHURN,
                RunOption.S_TMIN,
                RunOption.S_TMAX,
                RunOption.S_NOISE);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        SigmaTable table = SigmaTable.of(schedule);
        SigmaSteps steps = options.has(RunOption.SIGMAS) ? SigmaSteps.given(table, options) : steps(table, options);
        double[] timesteps = steps.timesteps();
        double[] sigmas = steps.sigmasTo(options.finalSigma(finalSigma));
        if (continuous) {
            if (options.has(RunOption.TIMESTEPS)) {
                throw new SchedulerException(
                        "%s: a run of given timesteps excludes timestep_type continuous".formatted(name()));
            }
            timesteps = new double[sigmas.length - 1];
            for (int i = 0; i < timesteps.length; i++) {
                timesteps[i] = 0.25 * StrictMath.log(sigmas[i]);
            }
        }
        Plan plan =
                Plan.exploding(timesteps, sigmas, sigmas, settings.initNoiseSigma(max(sigmas)), options.firstStep());
        return new PlannedRun(this, plan, call -> step(sigmas, options, call));
    }

    private SigmaSteps steps(SigmaTable table, RunOptions options) {
        double[] timesteps = settings.timesteps(this, table, options);
        double[] sigmas = logLinear
                ? SigmaSpacing.EXPONENTIAL.between(table.last(), table.first(), options.steps() + 1)
                : table.at(timesteps);
        return settings.spread(table, timesteps, sigmas);
    }

    private Stepper.Update step(double[] sigmas, RunOptions options, Stepper.Call call) {
        double sigma = sigmas[call.index];
        double churn = options.get(RunOption.S_CHURN, 0);
        boolean inRange = sigma >= options.get(RunOption.S_TMIN, 0)
                && sigma <= options.get(RunOption.S_TMAX, Double.POSITIVE_INFINITY);
        double gamma = inRange ? Math.min(churn / (sigmas.length - 1), MOST_CHURN) : 0;
        double raised = sigma * (gamma + 1);
        float[] sample = call.sample;
        if (gamma > 0) {
            double added = Math.sqrt(raised * raised - sigma * sigma) * options.get(RunOption.S_NOISE, 1);
            sample = Karras.addNoise(sample, call.noise(), added);
        }
        // a velocity is read at the sigma the model was called with, a noise at the raised one
        double read = predictionType == PredictionType.V_PREDICTION ? sigma : raised;
        float[] original = NoiseLevel.exploding(read).originalSample(predictionType, call.modelOutput, sample);
        float[] slope = Karras.slope(sample, original, raised);
        return new Stepper.Update(Karras.move(sample, slope, raised, sigmas[call.index + 1]), original);
    }

    private static double max(double[] sigmas) {
        double max = 0;
        for (double sigma : sigmas) {
            max = Math.max(max, sigma);
        }
        return max;
    }
}
