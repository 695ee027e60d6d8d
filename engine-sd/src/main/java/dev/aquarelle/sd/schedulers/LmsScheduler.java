package dev.aquarelle.sd.schedulers;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Linear multistep in sigma (k-diffusion, Crowson 2022): the slopes of the last steps, 4 of them unless {@link RunOption#ORDER} says
 * otherwise, are continued by the polynomial through them (Adams-Bashforth with uneven steps).
 */
record LmsScheduler(NoiseSchedule schedule, PredictionType predictionType, SigmaSettings settings)
        implements Scheduler {

    static LmsScheduler of(ConfigReader config) {
        return new LmsScheduler(
                config.schedule(false),
                config.predictionType(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION),
                SigmaSettings.of(config).withoutEndsOfKarras());
    }

    @Override
    public String name() {
        return SchedulerKind.LMS.className();
    }

    @Override
    public Set<RunOption> options() {
        return Set.of(RunOption.SIGMAS, RunOption.ORDER);
    }

    @Override
    public SchedulerRun start(RunOptions options) {
        options.check(this);
        SigmaSteps steps = settings.steps(this, SigmaTable.of(schedule), options);
        double[] sigmas = steps.sigmasTo(options.finalSigma(0));
        int order = (int) options.get(RunOption.ORDER, 4);
        List<float[]> slopes = new ArrayList<>(); // the latest first
        Plan plan = Plan.exploding(
                steps.timesteps(), sigmas, sigmas, settings.initNoiseSigma(sigmas[0]), options.firstStep());
        return new PlannedRun(this, plan, call -> {
            double sigma = sigmas[call.index];
            float[] original =
                    NoiseLevel.exploding(sigma).originalSample(predictionType, call.modelOutput, call.sample);
            slopes.addFirst(Karras.slope(call.sample, original, sigma));
            if (slopes.size() > order) {
                slopes.removeLast();
            }
            int points = Math.min(call.index + 1, order);
            Terms prev = Terms.of(1, call.sample);
            for (int back = 0; back < Math.min(points, slopes.size()); back++) {
                prev.plus(weight(sigmas, call.index, points, back), slopes.get(back));
            }
            return new Stepper.Update(prev.sum(), original);
        });
    }

    /**
     * The integral, over the step, of the Lagrange polynomial that is 1 at the sigma {@code back} steps ago and 0 at the others. The
     * polynomial is multiplied out in powers of the way from the step's begin.
     */
    private static double weight(double[] sigmas, int index, int points, int back) {
        double[] powers = new double[points];
        powers[0] = 1;
        for (int k = 0; k < points; k++) {
            if (k != back) {
                double zero = sigmas[index - k] - sigmas[index];
                double scale = 1 / (sigmas[index - back] - sigmas[index - k]);
                for (int power = points - 1; power >= 0; power--) {
                    powers[power] = scale * ((power > 0 ? powers[power - 1] : 0) - zero * powers[power]);
                }
            }
        }
        double way = sigmas[index + 1] - sigmas[index];
        double integral = 0;
        for (int power = points - 1; power >= 0; power--) {
            integral = (integral + powers[power] / (power + 1)) * way;
        }
        return integral;
    }
}
