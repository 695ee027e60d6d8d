package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import java.util.function.Function;

/**
 * One way of a request through a sampler, with one model at one size. A request is checked whole, with all passes that it takes, before the
 * first one begins.
 *
 * @param run not begun yet
 */
record Pass(OpenModel open, SettledRequest s, SchedulerRun run, Cancellation cancellation) {

    private DiffusionModel model() {
        return open.model();
    }

    private Steersman steersman() {
        return new Steersman(model(), open.addOns(), cancellation);
    }

    private Shape shape() {
        return model().latentShape(s.batch(), s.height(), s.width());
    }

    /**
     * Refuses what the model cannot do; computes nothing.
     *
     * @throws IllegalArgumentException if the request does not suit the model
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if the Java heap cannot hold the pictures
     */
    void require() {
        Fit.require(s, model());
        Steersman.requireFit(s, model(), open.addOns());
        model().requirePossible(s.prompts(), s.text().clipSkip());
        model().requirePossible(s.negativePrompts(), 0);
        MachineMemory.requireHeap(s, shape());
    }

    /**
     * Compiles what it takes, or finds out that it fits.
     *
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if it does not
     */
    void prepare() {
        model().prepare(
                        shape(),
                        s.guidance().looks(),
                        steersman().kinds(s),
                        steersman().controlNets(s.text().addOns()));
    }

    /** Makes it: latents {@code [N, h, w, C]} as they are after the run's last call. */
    Tensor make(NoiseSources noise, Function<Starter, Start> begin, ProgressListener listener) {
        Shape shape = shape();
        Start start = begin.apply(new Starter(model(), run, shape, noise, cancellation));
        Conditioning told = open.conditioner().of(s, cancellation);
        return model().sample(new Sampling(
                run,
                s.guidance(),
                ConditioningSchedule.constant(start.channels() == null ? told : told.withChannels(start.channels())),
                steersman().of(s, shape.dim(1), shape.dim(2)),
                start.latents(),
                start.edit(),
                noise.steps(),
                listener,
                cancellation));
    }
}
