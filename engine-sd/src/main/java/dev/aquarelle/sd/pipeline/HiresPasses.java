package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.RunOptions;

/**
 * The two passes of a {@link HiresFix}.
 *
 * @param s settled for the first pass
 */
record HiresPasses(OpenModel open, SettledRequest s, HiresFix hires, Cancellation cancellation) implements Passes {

    private SettledRequest large() {
        return s.sized(hires.width(s.width()), hires.height(s.height()));
    }

    private Pass first() {
        return new Pass(open, s, open.scheduler(s).start(s.steps()), false, PassSteps.of(s), cancellation);
    }

    @Override
    public Pass last() {
        int scheduled = hires.scheduled(s.steps());
        int made = hires.stepsMade(s.steps());
        RunOptions options = RunOptions.steps(scheduled).startingAt(scheduled - made);
        boolean encodes = !(hires.upscaler() instanceof HiresUpscaler.Latent);
        return new Pass(open, large(), open.scheduler(s).start(options), encodes, PassSteps.again(made), cancellation);
    }

    private Enlarger enlarger() {
        return new Enlarger(open, s, large(), hires.upscaler(), cancellation);
    }

    @Override
    public void require() {
        first().require();
        last().require();
    }

    @Override
    public MemoryNeed need() {
        MemoryNeed both = first().need().or(last().need());
        try (Enlarger enlarger = enlarger()) {
            return both.or(enlarger.memory());
        }
    }

    /** Compiles both passes, the larger one first, before it makes them. */
    @Override
    public Tensor make(ProgressListener listener) {
        Pass first = first();
        Pass second = last();
        try (Enlarger enlarger = enlarger()) {
            enlarger.requireMemory();
            enlarger.release();
            second.prepare();
            first.prepare();
            int made = first.run().count();
            int calls = made + second.run().count();
            Tensor small = first.make(
                    NoiseSources.of(s, open.model().scale()),
                    Starter::ofNoise,
                    progress -> listener.onStep(progress.within(0, calls)));
            return second.make(
                    NoiseSources.of(s, open.model().scale()),
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
