package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.RunOptions;

/**
 * The two passes of a {@link HiresFix}.
 *
 * @param s settled for the first pass
 */
record HiresPasses(OpenModel open, SettledRequest s, HiresFix hires, Cancellation cancellation) {

    private SettledRequest large() {
        return s.sized(hires.width(s.width()), hires.height(s.height()));
    }

    private Pass first() {
        return new Pass(open, s, open.scheduler(s.sampler()).start(s.steps()), false, PassSteps.of(s), cancellation);
    }

    /** The pass that gives the picture. */
    Pass second() {
        int scheduled = hires.scheduled(s.steps());
        int made = hires.stepsMade(s.steps());
        RunOptions options = RunOptions.steps(scheduled).startingAt(scheduled - made);
        boolean encodes = !(hires.upscaler() instanceof HiresUpscaler.Latent);
        return new Pass(open, large(), open.scheduler(s.sampler()).start(options), encodes, PassSteps.again(made), cancellation);
    }

    /** Checks and compiles both passes, the larger one first, then makes them: latents of the larger size. */
    Tensor make(ProgressListener listener) {
        Pass first = first();
        Pass second = second();
        first.require();
        second.require();
        try (Enlarger enlarger = new Enlarger(open, s, second.s(), hires.upscaler(), cancellation)) {
            enlarger.requireMemory();
            enlarger.release();
            second.prepare();
            first.prepare();
            int made = first.run().count();
            int calls = made + second.run().count();
            Tensor small = first.make(
                    NoiseSources.of(s), Starter::ofNoise, progress -> listener.onStep(progress.within(0, calls)));
            return second.make(
                    NoiseSources.of(s),
                    starter -> {
                        second.useTiles();
                        Start start = enlarger.enlarged(small, starter);
                        enlarger.release();
                        return start;
                    },
                    progress -> listener.onStep(progress.within(made, calls)));
        }
    }
}
