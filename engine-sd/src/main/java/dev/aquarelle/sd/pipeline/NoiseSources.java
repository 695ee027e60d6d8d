package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.random.Generator;
import dev.aquarelle.core.random.PhiloxGenerator;
import dev.aquarelle.core.random.TorchCpuGenerator;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.NoiseSource;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where the noise of a run comes from, for all pictures of its batch.
 *
 * @param encoder for autoencoders that give a distribution
 * @param start of the first latents
 * @param steps of samplers that add noise, but for those that cut it out of a path ({@link BrownianNoise})
 */
public record NoiseSources(NoiseSource encoder, NoiseSource start, NoiseSource steps) {

    /** All from one, in the order in which it is asked for. */
    public static NoiseSources of(NoiseSource all) {
        return new NoiseSources(all, all, all);
    }

    /**
     * Fresh ones of a request's seeds. PyTorch's generator draws in diffusers' order: encoder, start, steps. Philox draws in the web UI's,
     * whose first draw is always the start and each of the steps' the next; what its encoder draws there is of no seed, and here of PyTorch's.
     * Other noise for variations is the first draw of its seed and is mixed into the start alone. Noise of another size is drawn, and varied, of
     * fresh generators, and laid over the start.
     *
     * @param scale pixels for each latent, along a side
     */
    static NoiseSources of(SettledRequest s, int scale) {
        Seeding seeding = s.text().seeding();
        List<Generator> own = IntStream.range(0, s.batch())
                .mapToObj(n -> generator(seeding, s.seed(n)))
                .toList();
        List<Generator> start = IntStream.range(0, s.batch())
                .mapToObj(n -> start(s, n, own.get(n), scale))
                .toList();
        NoiseSource steps = Latents.source(own);
        NoiseSource encoder = seeding.generator() == Seeding.Generator.PHILOX
                ? Latents.source(IntStream.range(0, s.batch())
                        .mapToObj(n -> new TorchCpuGenerator(s.seed(n)))
                        .toList())
                : steps;
        return new NoiseSources(encoder, Latents.source(start), steps);
    }

    /** The noise of a run's steps: out of paths where the run has one, else {@link #steps}. */
    NoiseSource ofSteps(SettledRequest s, SchedulerRun run, Shape shape, Cancellation cancellation) {
        return BrownianNoise.path(s, run)
                .<NoiseSource>map(path -> BrownianNoise.of(s, path, shape, cancellation))
                .orElse(steps);
    }

    private static Generator start(SettledRequest s, int n, Generator own, int scale) {
        Seeding seeding = s.text().seeding();
        SdxlOptions.Size from = seeding.resizeFrom();
        Generator known = from == null ? own : generator(seeding, s.seed(n));
        Generator varied = seeding.isVariation()
                ? new Variation(known, generator(seeding, s.subSeed(n)), seeding.subSeedStrength())
                : known;
        return from == null ? varied : new ResizedSeed(own, varied, from.width() / scale, from.height() / scale);
    }

    /** What draws of a seed. */
    static Generator generator(Seeding seeding, long seed) {
        return switch (seeding.generator()) {
            case TORCH_CPU -> new TorchCpuGenerator(seed);
            case PHILOX -> new PhiloxGenerator(seed);
        };
    }
}
