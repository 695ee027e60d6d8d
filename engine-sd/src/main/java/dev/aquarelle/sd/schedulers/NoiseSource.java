package dev.aquarelle.sd.schedulers;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;

/** Where the samplers that add noise on their way get it from. */
@FunctionalInterface
public interface NoiseSource {
    /** For samplers that need none: a request for noise is an error. */
    NoiseSource NONE = shape -> {
        throw new SchedulerException("this sampler adds noise in its steps and was given no source of it");
    };

    /** The next block of independent standard normal numbers, F32, in the latents' shape and layout. */
    Tensor next(Shape shape);

    /**
     * The same for a step between two sigmas, asked for by samplers with a {@link SchedulerRun#noisePath}. A source without a path has no other
     * noise for it.
     */
    default Tensor next(Shape shape, double from, double to) {
        return next(shape);
    }
}
