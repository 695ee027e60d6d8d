package dev.aquarelle.sd.schedulers;

import org.jspecify.annotations.Nullable;

/**
 * The Brownian path along sigma that k-diffusion cuts a run's noise out of: the noise of a step is the way that the path goes between the step's
 * sigmas, over the root of their distance, so that overlapping steps have noise in common.
 *
 * @param start the smallest sigma above 0 of the whole schedule, also where a run starts later
 * @param end the largest one
 * @param seed that the configuration fixes for every picture; if {@code null} each has its own
 * @param inDiffusers whether diffusers' scheduler does so too, and not only the web UI's samplers of that name
 */
public record NoisePath(double start, double end, @Nullable Long seed, boolean inDiffusers) {
    /**
     * @throws SchedulerException if the ends are not finite: the schedule goes to nothing but noise
     */
    public NoisePath {
        if (!(start <= end && Double.isFinite(end - start))) {
            throw new SchedulerException(
                    "noise cut out of a path needs finite sigmas, found %s to %s".formatted(start, end));
        }
    }

    static NoisePath along(float[] sigmas, @Nullable Long seed, boolean inDiffusers) {
        double start = Double.POSITIVE_INFINITY;
        double end = 0;
        for (float sigma : sigmas) {
            start = sigma > 0 ? Math.min(start, sigma) : start;
            end = Math.max(end, sigma);
        }
        return new NoisePath(start, end, seed, inDiffusers);
    }
}
