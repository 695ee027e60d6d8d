package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import java.util.List;
import java.util.function.Function;

/**
 * One way of a request through a sampler, with one model at one size. A request is checked whole, with all passes that it takes, before the
 * first one begins.
 *
 * @param run not begun yet
 * @param encodes whether it starts from a picture
 * @param prompts of the request
 */
record Pass(
        OpenModel open,
        SettledRequest s,
        SchedulerRun run,
        boolean encodes,
        PromptReader prompts,
        Cancellation cancellation) {

    /**
     * @param steps by which the prompts change
     * @throws IllegalArgumentException if the prompts cannot be read
     */
    Pass(
            OpenModel open,
            SettledRequest s,
            SchedulerRun run,
            boolean encodes,
            PassSteps steps,
            Cancellation cancellation) {
        this(open, s, run, encodes, PromptReader.of(s, open.conditioner(), steps), cancellation);
    }

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
        prompts.requirePossible();
        s.text().shortcuts().requireSense(s);
        MachineMemory.requireHeap(s, shape(), heldBytes());
    }

    /** What encoded prompts and the state of the noise take in the Java heap. */
    private long heldBytes() {
        return prompts.bytes() + BrownianNoise.bytes(s, run, shape());
    }

    private Preparation preparation() {
        Steersman steersman = steersman();
        List<Demand> demands = Denoiser.demands(
                shape(),
                new CallPlan(s.text().shortcuts(), s.guidance().looks(), run.count()),
                prompts.tokens(),
                steersman.kinds(s),
                steersman.controlNets(s.text().addOns()));
        List<Graph> adapters = steersman.graphs(s, shape().dim(1), shape().dim(2));
        return new Preparation(open, demands, encodes, adapters, s.text().vaeTiling());
    }

    /**
     * Compiles what it takes, or finds out that it fits.
     *
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if it does not
     */
    void prepare() {
        preparation().prepare(cancellation);
    }

    /**
     * What it takes in memory; nothing is made.
     *
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if that is more than there may be
     */
    MemoryNeed need() {
        require();
        return preparation().need(MachineMemory.heapBytes(s, shape(), heldBytes()));
    }

    /** Height and width of the autoencoder's tiles in latents; 0 if it takes the picture whole. */
    int tile() {
        return preparation().tile();
    }

    /** Lets the autoencoder work in this pass's tiles from now on. */
    void useTiles() {
        model().programs().tile(tile());
    }

    /** Makes it: latents {@code [N, h, w, C]} as they are after the run's last call. */
    Tensor make(NoiseSources noise, Function<Starter, Start> begin, ProgressListener listener) {
        Shape shape = shape();
        Start start = begin.apply(new Starter(model(), run, shape, noise, cancellation));
        return model().sample(new Sampling(
                run,
                s.guidance(),
                prompts.schedule(run.count(), start.channels(), cancellation),
                steersman().of(s, shape.dim(1), shape.dim(2), run.count()),
                start.latents(),
                start.edit(),
                noise.ofSteps(s, run, shape, cancellation),
                listener,
                cancellation,
                s.text().shortcuts()));
    }
}
