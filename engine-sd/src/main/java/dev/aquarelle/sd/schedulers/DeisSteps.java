package dev.aquarelle.sd.schedulers;

import java.util.ArrayList;
import java.util.List;

/**
 * The steps of {@link DeisScheduler}. The arithmetic is single precision throughout, in the reference's order: the antiderivatives of
 * neighbouring levels nearly cancel, and what is left is made of their rounding where steps are short or the noise is strong.
 */
final class DeisSteps implements Stepper {
    private final DeisScheduler scheduler;
    private final float[] signals;
    private final float[] noises;
    private final float[] rhos;
    private final List<float[]> predictions = new ArrayList<>(); // of the noise, the latest first

    DeisSteps(DeisScheduler scheduler, float[] sigmas) {
        this.scheduler = scheduler;
        this.signals = new float[sigmas.length];
        this.noises = new float[sigmas.length];
        this.rhos = new float[sigmas.length];
        for (int i = 0; i < sigmas.length; i++) {
            boolean flow = scheduler.solver().flow();
            signals[i] = flow ? 1 - sigmas[i] : 1 / EstimatedRoot.of(sigmas[i] * sigmas[i] + 1);
            noises[i] = flow ? sigmas[i] : sigmas[i] * signals[i];
            rhos[i] = noises[i] / signals[i];
        }
    }

    @Override
    public Update step(Call call) {
        float[] original = scheduler.clipping().apply(original(call), call.batch);
        predictions.addFirst(epsilon(call, original));
        float[] prev = switch (order(call.index)) {
            case 1 -> firstOrder(call);
            case 2 -> multistep(call, secondOrder(call.index));
            default -> multistep(call, thirdOrder(call.index));
        };
        if (predictions.size() == scheduler.solverOrder()) {
            predictions.removeLast();
        }
        return new Update(prev, original);
    }

    private int order(int index) {
        int steps = signals.length - 1;
        int order = Math.min(scheduler.solverOrder(), predictions.size());
        boolean lowerOrder = scheduler.lowerOrderFinal() && steps < DpmSolverMultistepScheduler.FEW_STEPS;
        return lowerOrder ? Math.min(order, steps - index) : order;
    }

    private float[] original(Call call) {
        float signal = signals[call.index];
        float noise = noises[call.index];
        float[] x = call.sample;
        float[] output = call.modelOutput;
        float[] original = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            original[i] = switch (scheduler.predictionType()) {
                case EPSILON -> (x[i] - noise * output[i]) / signal;
                case SAMPLE -> output[i];
                case V_PREDICTION -> signal * x[i] - noise * output[i];
                case FLOW_PREDICTION -> x[i] - noise * output[i];
            };
        }
        return original;
    }

    private float[] epsilon(Call call, float[] original) {
        float signal = signals[call.index];
        float noise = noises[call.index];
        float[] epsilon = new float[original.length];
        for (int i = 0; i < epsilon.length; i++) {
            epsilon[i] = (call.sample[i] - signal * original[i]) / noise;
        }
        return epsilon;
    }

    private float[] firstOrder(Call call) {
        int to = call.index + 1;
        float h = (log(signals[to]) - log(noises[to])) - (log(signals[call.index]) - log(noises[call.index]));
        float kept = signals[to] / signals[call.index];
        float taken = noises[to] * ((float) StrictMath.exp(h) - 1);
        float[] latest = predictions.getFirst();
        float[] prev = new float[latest.length];
        for (int i = 0; i < prev.length; i++) {
            prev[i] = kept * call.sample[i] - taken * latest[i];
        }
        return prev;
    }

    private float[] multistep(Call call, float[] weights) {
        float from = signals[call.index];
        float to = signals[call.index + 1];
        float[] prev = new float[call.sample.length];
        for (int i = 0; i < prev.length; i++) {
            float sum = call.sample[i] / from;
            for (int back = 0; back < weights.length; back++) {
                sum += weights[back] * predictions.get(back)[i];
            }
            prev[i] = to * sum;
        }
        return prev;
    }

    private float[] secondOrder(int index) {
        float to = rhos[index + 1];
        float rho0 = rhos[index];
        float rho1 = rhos[index - 1];
        return new float[] {
            integral(to, rho0, rho1) - integral(rho0, rho0, rho1), integral(to, rho1, rho0) - integral(rho0, rho1, rho0)
        };
    }

    private float[] thirdOrder(int index) {
        float to = rhos[index + 1];
        float rho0 = rhos[index];
        float rho1 = rhos[index - 1];
        float rho2 = rhos[index - 2];
        return new float[] {
            integral(to, rho0, rho1, rho2) - integral(rho0, rho0, rho1, rho2),
            integral(to, rho1, rho2, rho0) - integral(rho0, rho1, rho2, rho0),
            integral(to, rho2, rho0, rho1) - integral(rho0, rho2, rho0, rho1)
        };
    }

    /** The antiderivative at rho of the line in log rho that is 1 at {@code one} and 0 at {@code zero}. */
    private static float integral(float rho, float one, float zero) {
        return rho * (-log(zero) + log(rho) - 1) / (log(one) - log(zero));
    }

    /** The antiderivative at rho of the parabola in log rho that is 1 at {@code one} and 0 at {@code a} and {@code b}. */
    private static float integral(float rho, float one, float a, float b) {
        float t = log(rho);
        float numerator = rho * (log(a) * (log(b) - t + 1) - log(b) * t + log(b) + t * t - 2 * t + 2);
        return numerator / ((log(one) - log(a)) * (log(one) - log(b)));
    }

    private static float log(float x) {
        return (float) StrictMath.log(x);
    }
}
