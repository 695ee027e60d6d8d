package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.random.BrownianPath;
import dev.aquarelle.core.random.Generator;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.NoisePath;
import dev.aquarelle.sd.schedulers.NoiseSource;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/**
 * Noise of a sampler's steps cut out of a Brownian path along sigma, as k-diffusion's {@code BrownianTreeNoiseSampler} does: one path for each
 * picture of the batch, so that a picture does not depend on those beside it.
 */
final class BrownianNoise implements NoiseSource {
    private final List<BrownianPath> paths;

    /**
     * @param paths of {@code [1, C, h, w]}, one for each picture
     */
    BrownianNoise(List<BrownianPath> paths) {
        this.paths = paths;
    }

    /**
     * Of a request's seeds; those of its variations, too, have the path of their common seed, as in the web UI.
     *
     * @param shape of the latents {@code [N, h, w, C]}
     * @param cancellation asked before each of the draws, about 20 of which are made for a step of each picture
     */
    static BrownianNoise of(SettledRequest s, NoisePath along, Shape shape, Cancellation cancellation) {
        LongFunction<Generator> generators = seed -> {
            cancellation.check();
            return NoiseSources.generator(s.text().seeding(), seed);
        };
        return new BrownianNoise(IntStream.range(0, s.batch())
                .mapToObj(n -> new BrownianPath(
                        along.seed() == null ? s.seed(n) : along.seed(),
                        generators,
                        along.start(),
                        along.end(),
                        1,
                        shape.dim(3),
                        shape.dim(1),
                        shape.dim(2)))
                .toList());
    }

    /** The path that a run's noise is cut out of: by Philox, which is the web UI's, for more samplers than by diffusers' generator. */
    static Optional<NoisePath> path(SettledRequest s, SchedulerRun run) {
        boolean webUi = s.text().seeding().generator() == Seeding.Generator.PHILOX;
        return run.noisePath().filter(path -> webUi || path.inDiffusers());
    }

    /** What a run's paths hold in the Java heap between two steps; 0 if it has none. */
    static long bytes(SettledRequest s, SchedulerRun run, Shape latents) {
        return path(s, run).isPresent() ? BrownianPath.bytes(latents.size()) : 0;
    }

    /** Refused: a path has no noise for a step that does not say where it goes. */
    @Override
    public Tensor next(Shape shape) {
        throw new UnsupportedOperationException("noise of a path is drawn between two sigmas, found none");
    }

    @Override
    public Tensor next(Shape shape, double from, double to) {
        float scale = (float) Math.sqrt(Math.abs((float) to - (float) from));
        return Latents.concatenated(paths.stream()
                .map(path -> Latents.channelsLast(divided(path.increment(from, to), scale)))
                .toArray(Tensor[]::new));
    }

    private static Tensor divided(Tensor increment, float scale) {
        float[] values = increment.toFloatArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = scale == 0 ? 0 : values[i] / scale;
        }
        return Tensor.of(values, increment.shape().dims());
    }
}
