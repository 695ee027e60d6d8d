package dev.aquarelle.sd.schedulers;

import java.util.Arrays;

/** The tables of a run: what is known of each call before the first. */
final class Plan {
    final float[] timesteps;
    final float[] sigmas;
    final double initNoiseSigma;
    /** How noisy the latents are before each call. */
    final NoiseLevel[] levels;
    /** What the latents are multiplied with for the model. */
    final double[] inputScales;
    /** The first call that is made. */
    final int begin;

    private Plan(
            float[] timesteps,
            float[] sigmas,
            double initNoiseSigma,
            NoiseLevel[] levels,
            double[] inputScales,
            int begin) {
        this.timesteps = timesteps;
        this.sigmas = sigmas;
        this.initNoiseSigma = initNoiseSigma;
        this.levels = levels;
        this.inputScales = inputScales;
        this.begin = begin;
    }

    /**
     * For samplers that work on whole timesteps and alphaCumprod.
     *
     * @throws SchedulerException if one is outside the training's timesteps, or nothing of the sample is left where a model predicts noise
     */
    static Plan ofTimesteps(Scheduler scheduler, int[] timesteps, int begin) {
        NoiseSchedule schedule = scheduler.schedule();
        NoiseLevel[] levels = new NoiseLevel[timesteps.length];
        float[] shown = new float[timesteps.length];
        for (int i = 0; i < timesteps.length; i++) {
            if (timesteps[i] < 0 || timesteps[i] >= schedule.trainTimesteps()) {
                throw new SchedulerException(
                        "%s: step %d would be at timestep %d, the model knows 0 to %d; steps_offset is too large for so many steps"
                                .formatted(scheduler.name(), i, timesteps[i], schedule.trainTimesteps() - 1));
            }
            shown[i] = timesteps[i];
            levels[i] = NoiseLevel.ofAlphaCumprod(schedule.alphaCumprod(timesteps[i]));
            if (i >= begin && levels[i].signal() == 0 && scheduler.predictionType() == PredictionType.EPSILON) {
                throw new SchedulerException(
                        "%s: at timestep %d nothing of the sample is left, which excludes prediction_type epsilon"
                                .formatted(scheduler.name(), timesteps[i]));
            }
        }
        return new Plan(shown, new float[0], 1, levels, ones(timesteps.length), begin);
    }

    /**
     * For samplers in Karras' form: noise of standard deviation sigma on the sample, which the model sees scaled to unit variance.
     *
     * @param modelSigmas the sigma each call is made at
     */
    static Plan exploding(double[] timesteps, double[] sigmas, double[] modelSigmas, double initNoiseSigma, int begin) {
        NoiseLevel[] levels = new NoiseLevel[timesteps.length];
        double[] scales = new double[timesteps.length];
        for (int i = 0; i < timesteps.length; i++) {
            levels[i] = NoiseLevel.exploding(sigmas[i]);
            scales[i] = 1 / Math.sqrt(modelSigmas[i] * modelSigmas[i] + 1);
        }
        return new Plan(Grid.toFloat(timesteps), Grid.toFloat(sigmas), initNoiseSigma, levels, scales, begin);
    }

    /** For samplers that keep the variance and step from level to level. */
    static Plan ofLevels(double[] timesteps, double[] sigmas, NoiseLevel[] levels, int begin) {
        return new Plan(Grid.toFloat(timesteps), Grid.toFloat(sigmas), 1, levels, ones(timesteps.length), begin);
    }

    private static double[] ones(int count) {
        double[] ones = new double[count];
        Arrays.fill(ones, 1);
        return ones;
    }
}
