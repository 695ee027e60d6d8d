package dev.aquarelle.sd.schedulers;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * The forward process a model was trained with: how much of a clean sample is left after t steps of adding noise. With
 * {@code alphaCumprod(t) = product of (1 - beta)} up to t, a noisy sample is
 * {@code sqrt(alphaCumprod) * x0 + sqrt(1 - alphaCumprod) * noise} (Ho et al. 2020, arXiv:2006.11239, equation 4). Immutable.
 */
public final class NoiseSchedule {
    /** What stands for the last, zero alphaCumprod where a finite sigma is needed: sigma is 4096 there. */
    private static final float NEARLY_ZERO = 0x1p-24f;

    private static final int MAX_TRAIN_TIMESTEPS = 100_000;

    private final float[] betas;
    private final float[] alphasCumprod;

    private NoiseSchedule(float[] betas, float[] alphasCumprod) {
        this.betas = betas;
        this.alphasCumprod = alphasCumprod;
    }

    /**
     * A schedule of one of the known kinds.
     *
     * @param betaStart the first beta and {@code betaEnd} the last one, in (0, 1); for kinds that have them
     * @param trainTimesteps how many timesteps the model was trained with, 1000 as a rule
     * @throws SchedulerException if a beta is outside (0, 1) or the number of timesteps is not sensible
     */
    public static NoiseSchedule of(BetaSchedule kind, double betaStart, double betaEnd, int trainTimesteps) {
        if (trainTimesteps < 1 || trainTimesteps > MAX_TRAIN_TIMESTEPS) {
            throw new SchedulerException(
                    "num_train_timesteps: expected 1 to %d, found %d".formatted(MAX_TRAIN_TIMESTEPS, trainTimesteps));
        }
        if (!(betaStart > 0 && betaStart < 1 && betaEnd > 0 && betaEnd < 1)) {
            throw new SchedulerException("beta_start and beta_end: expected numbers between 0 and 1, found %s and %s"
                    .formatted(betaStart, betaEnd));
        }
        return ofBetas(kind.betas(betaStart, betaEnd, trainTimesteps));
    }

    /**
     * A schedule of given ("trained") betas, one for each training timestep.
     *
     * @throws SchedulerException if there is none, or one is not in [0, 1]
     */
    public static NoiseSchedule ofBetas(float[] betas) {
        if (betas.length < 1 || betas.length > MAX_TRAIN_TIMESTEPS) {
            throw new SchedulerException(
                    "trained_betas: expected 1 to %d numbers, found %d".formatted(MAX_TRAIN_TIMESTEPS, betas.length));
        }
        for (int t = 0; t < betas.length; t++) {
            if (!(betas[t] >= 0 && betas[t] <= 1)) {
                throw new SchedulerException(
                        "betas: expected numbers from 0 to 1, found %s at timestep %d".formatted(betas[t], t));
            }
        }
        return new NoiseSchedule(betas.clone(), cumprod(betas));
    }

    /** The running product of 1 - beta: summed up in double, each value rounded once. */
    private static float[] cumprod(float[] betas) {
        float[] products = new float[betas.length];
        double product = 1;
        for (int t = 0; t < betas.length; t++) {
            product *= 1f - betas[t];
            products[t] = (float) product;
        }
        return products;
    }

    /**
     * This schedule, shifted and stretched so that nothing of the sample is left at the last timestep, the first one kept: algorithm 1
     * of Lin et al. 2023, arXiv:2305.08891. The last beta is exactly 1.
     */
    public NoiseSchedule rescaledToZeroTerminalSnr() {
        int last = betas.length - 1;
        if (last == 0) {
            throw new SchedulerException("rescale_betas_zero_snr: expected at least 2 training timesteps, found 1");
        }
        float[] signal = new float[betas.length];
        for (int t = 0; t <= last; t++) {
            signal[t] = EstimatedRoot.of(alphasCumprod[t]);
        }
        float first = signal[0];
        float terminal = signal[last];
        float stretch = first / (first - terminal);
        float[] rescaled = new float[betas.length];
        float before = 1;
        for (int t = 0; t <= last; t++) {
            float stretched = (signal[t] - terminal) * stretch;
            float power = stretched * stretched;
            rescaled[t] = 1 - power / before;
            before = power;
        }
        return ofBetas(rescaled);
    }

    /** This schedule with a last alphaCumprod of 2^-24 in place of zero, for schedulers that divide by it. */
    NoiseSchedule withFiniteSigmas() {
        float[] copy = alphasCumprod.clone();
        copy[copy.length - 1] = NEARLY_ZERO;
        return new NoiseSchedule(betas, copy);
    }

    /** How many timesteps there are: T. */
    public int trainTimesteps() {
        return betas.length;
    }

    /** A copy of the betas, T of them. */
    public float[] betas() {
        return betas.clone();
    }

    /** A copy of the running product of {@code 1 - beta}, T of them: 1 is all sample, 0 is all noise. */
    public float[] alphasCumprod() {
        return alphasCumprod.clone();
    }

    /**
     * The power of the sample that is left at a timestep.
     *
     * @throws SchedulerException if the timestep is not one of the training's
     */
    public float alphaCumprod(int timestep) {
        if (timestep < 0 || timestep >= alphasCumprod.length) {
            throw new SchedulerException("timestep %d is none of the %d the model was trained with"
                    .formatted(timestep, alphasCumprod.length));
        }
        return alphasCumprod[timestep];
    }

    /**
     * The forward process: each sample of {@code original} with noise of its timestep.
     *
     * @param original F32, samples outermost
     * @param noise normal noise of the same shape
     * @param timesteps one for each sample, or one for all of them
     */
    public Tensor addNoise(Tensor original, Tensor noise, int... timesteps) {
        return mixed(original, noise, timesteps, t -> {
            NoiseLevel level = NoiseLevel.ofAlphaCumprod(alphaCumprod(t));
            return new double[] {level.signal(), level.noise()};
        });
    }

    /**
     * The velocity that a v-prediction model learns for a clean sample and its noise:
     * {@code sqrt(alphaCumprod) * noise - sqrt(1 - alphaCumprod) * original}. Arguments as for {@link #addNoise}.
     */
    public Tensor velocity(Tensor original, Tensor noise, int... timesteps) {
        return mixed(original, noise, timesteps, t -> {
            NoiseLevel level = NoiseLevel.ofAlphaCumprod(alphaCumprod(t));
            return new double[] {-level.noise(), level.signal()};
        });
    }

    private static Tensor mixed(Tensor original, Tensor noise, int[] timesteps, IntFunction<double[]> weights) {
        if (!original.shape().equals(noise.shape()) || original.shape().rank() == 0) {
            throw new TensorException(
                    "expected a batch of samples and noise of its shape, found %s and %s".formatted(original, noise));
        }
        int batch = original.shape().dim(0);
        if (timesteps.length != 1 && timesteps.length != batch) {
            throw new TensorException("expected one timestep, or one for each of %d samples, found %d"
                    .formatted(batch, timesteps.length));
        }
        float[] x = original.toFloatArray();
        float[] n = noise.toFloatArray();
        int each = batch == 0 ? 0 : x.length / batch;
        float[] result = new float[x.length];
        for (int sample = 0; sample < batch; sample++) {
            double[] weight = weights.apply(timesteps[timesteps.length == 1 ? 0 : sample]);
            for (int i = sample * each; i < (sample + 1) * each; i++) {
                result[i] = (float) (weight[0] * x[i] + weight[1] * n[i]);
            }
        }
        return Tensor.of(result, original.shape().dims());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NoiseSchedule schedule
                && Arrays.equals(betas, schedule.betas)
                && Arrays.equals(alphasCumprod, schedule.alphasCumprod);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(betas);
    }
}
