package dev.aquarelle.sd.schedulers;

import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

/** How much noise the forward process adds at each training timestep: the betas of Ho et al. 2020, arXiv:2006.11239. */
public enum BetaSchedule {
    /** Equal distances from beta start to beta end (Ho et al. 2020). */
    LINEAR("linear"),
    /** Equal distances of the square roots: the latent diffusion models (Rombach et al. 2022, arXiv:2112.10752). */
    SCALED_LINEAR("scaled_linear"),
    /** A squared cosine of the signal that is left, betas at most 0.999 (Nichol and Dhariwal 2021, arXiv:2102.09672). */
    SQUAREDCOS_CAP_V2("squaredcos_cap_v2"),
    /** The signal-to-noise ratio of a Laplace distribution (Hang et al. 2024, arXiv:2407.03297). */
    LAPLACE("laplace"),
    /** The signal that is left falls exponentially. */
    EXP("exp"),
    /** A logistic curve from beta start to beta end. */
    SIGMOID("sigmoid");

    private static final double MAX_BETA = 0.999;

    private final String key;

    BetaSchedule(String key) {
        this.key = key;
    }

    /** The name in configuration files: {@code beta_schedule}. */
    public String key() {
        return key;
    }

    /** The betas of {@code count} timesteps; start and end count only where the kind uses them. */
    float[] betas(double start, double end, int count) {
        return switch (this) {
            case LINEAR -> evenly(start, end, count, x -> x);
            case SCALED_LINEAR -> evenly(Math.sqrt(start), Math.sqrt(end), count, x -> x * x);
            case SIGMOID -> evenly(-6, 6, count, x -> (float) ((end - start) / (1 + StrictMath.exp(-x)) + start));
            case SQUAREDCOS_CAP_V2 -> ofSignal(count, BetaSchedule::squaredCosine);
            case LAPLACE -> ofSignal(count, BetaSchedule::laplace);
            case EXP -> ofSignal(count, t -> StrictMath.exp(-12 * t));
        };
    }

    /** Equal distances in single precision, counted from the nearer end. */
    private static float[] evenly(double start, double end, int count, UnaryOperator<Float> beta) {
        float from = (float) start;
        float to = (float) end;
        float step = count > 1 ? (to - from) / (count - 1) : 0;
        float[] betas = new float[count];
        for (int i = 0; i < count; i++) {
            boolean nearStart = i < count / 2 || count == 1;
            betas[i] = beta.apply(nearStart ? Math.fma(step, i, from) : Math.fma(-step, count - 1 - i, to));
        }
        return betas;
    }

    /** Betas from the signal power left at time t of [0, 1]: {@code beta = 1 - signal(t2) / signal(t1)}. */
    private static float[] ofSignal(int count, DoubleUnaryOperator signal) {
        float[] betas = new float[count];
        for (int i = 0; i < count; i++) {
            double here = signal.applyAsDouble((double) i / count);
            double next = signal.applyAsDouble((i + 1.0) / count);
            betas[i] = (float) Math.min(1 - next / here, MAX_BETA);
        }
        return betas;
    }

    private static double squaredCosine(double t) {
        double cosine = StrictMath.cos((t + 0.008) / 1.008 * Math.PI / 2);
        return cosine * cosine;
    }

    private static double laplace(double t) {
        double lambda = -0.5 * Math.copySign(1, 0.5 - t) * StrictMath.log(1 - 2 * Math.abs(0.5 - t) + 1e-6);
        double snr = StrictMath.exp(lambda);
        return Math.sqrt(snr / (1 + snr));
    }
}
