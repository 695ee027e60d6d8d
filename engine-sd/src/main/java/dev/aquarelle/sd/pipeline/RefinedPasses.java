package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.SchedulerRun;

/**
 * The two passes of a {@link Refined} request. The programs of one model are freed before those of the other are compiled, so the memory that
 * both take is that of the larger one, and of the other's text encoders.
 *
 * @param s settled for the first model
 * @param refiner of the same latents
 */
record RefinedPasses(OpenModel base, OpenModel refiner, SettledRequest s, Refined refined, Cancellation cancellation) {

    /** Checks both passes and finds out that they fit, then makes them: latents for the refiner's decoder. */
    Tensor make(ProgressListener listener) {
        requireSameLatents();
        SettledRequest rest = s.on(refiner.defaults(), refiner.isDistilled());
        Switch at = new Switch(refined.switchAt());
        SchedulerRun firstRun = at.before(base.scheduler(s.sampler()), s.steps());
        SchedulerRun secondRun = at.after(refiner.scheduler(rest.sampler()), s.steps());
        Pass first = new Pass(base, s, firstRun, cancellation);
        Pass second = new Pass(refiner, rest, secondRun, cancellation);
        first.require();
        second.require();
        base.model().release();
        second.prepare();
        refiner.model().release();
        NoiseSources noise = NoiseSources.of(s);
        int calls = firstRun.count() + secondRun.count();
        base.model().reserve(refiner.model().textEncoderMemory());
        try {
            first.prepare();
            Tensor unfinished =
                    first.make(noise, Starter::ofNoise, progress -> listener.onStep(progress.within(0, calls)));
            base.model().release();
            return second.make(
                    noise,
                    starter -> starter.ofUnfinished(unfinished),
                    progress -> listener.onStep(progress.within(firstRun.count(), calls)));
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
