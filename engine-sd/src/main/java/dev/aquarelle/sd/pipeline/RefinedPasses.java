package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.Scheduler;

/**
 * The two passes of a {@link Refined} request. The programs of one model are freed before those of the other are compiled, so the memory that
 * both take is that of the larger one, and of the other's text encoders.
 *
 * @param s settled for the first model
 * @param refiner of the same latents
 */
record RefinedPasses(OpenModel base, OpenModel refiner, SettledRequest s, Refined refined, Cancellation cancellation)
        implements Passes {

    private Switch at() {
        return new Switch(refined.switchAt());
    }

    private Pass first() {
        Scheduler scheduler = base.scheduler(s);
        PassSteps steps = new PassSteps(0, at().stepsBefore(scheduler, s.steps()), false);
        return new Pass(base, s, at().before(scheduler, s.steps()), false, steps, cancellation);
    }

    @Override
    public Pass last() {
        SettledRequest rest = s.on(refiner.defaults(), refiner.isDistilled());
        Scheduler scheduler = refiner.scheduler(rest);
        int made = at().stepsBefore(scheduler, s.steps());
        PassSteps steps = new PassSteps(made, s.steps() - made, false);
        return new Pass(refiner, rest, at().after(scheduler, s.steps()), false, steps, cancellation);
    }

    @Override
    public void require() {
        requireSameLatents();
        Pass first = first();
        Pass second = last();
        first.require();
        second.require();
    }

    /** Beside each model are the text encoders of the other one. */
    @Override
    public MemoryNeed need() {
        require();
        MemoryNeed second = last().need();
        base.model().reserve(refiner.model().textEncoderMemory());
        try {
            return first().need().or(second).withWeights(base.weightBytes() + refiner.weightBytes());
        } finally {
            base.model().reserve(0);
        }
    }

    @Override
    public Tensor make(ProgressListener listener) {
        Pass first = first();
        Pass second = last();
        base.model().release();
        second.prepare();
        refiner.model().release();
        NoiseSources noise = NoiseSources.of(s, base.model().scale());
        int made = first.run().count();
        int calls = made + second.run().count();
        base.model().reserve(refiner.model().textEncoderMemory());
        try {
            first.prepare();
            Tensor unfinished =
                    first.make(noise, Starter::ofNoise, progress -> listener.onStep(progress.within(0, calls)));
            base.model().release();
            return second.make(
                    noise,
                    starter -> starter.ofUnfinished(unfinished),
                    progress -> listener.onStep(progress.within(made, calls)));
        } finally {
            base.model().reserve(0);
        }
    }

    private void requireSameLatents() {
        DiffusionModel a = base.model();
        DiffusionModel b = refiner.model();
        if (a.latentChannels() != b.latentChannels() || a.scale() != b.scale()) {
            throw new IllegalArgumentException(
                    "refiner: expected latents of %d channels for %d x %d pixels as the first model's, found %d for %d x %d"
                            .formatted(
                                    a.latentChannels(),
                                    a.scale(),
                                    a.scale(),
                                    b.latentChannels(),
                                    b.scale(),
                                    b.scale()));
        }
    }
}
