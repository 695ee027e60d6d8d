package dev.aquarelle.sd.schedulers;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A run by a plan's tables and a stepper's arithmetic; it guards the order of the calls and the shapes. */
final class PlannedRun implements SchedulerRun {
    private final String scheduler;
    private final Plan plan;
    private final Stepper stepper;
    private final @Nullable NoisePath noisePath;
    private int next;

    PlannedRun(Scheduler scheduler, Plan plan, Stepper stepper) {
        this(scheduler, plan, stepper, null);
    }

    /**
     * @param noisePath that the steps' noise is cut out of, if there is one
     */
    PlannedRun(Scheduler scheduler, Plan plan, Stepper stepper, @Nullable NoisePath noisePath) {
        if (plan.begin >= plan.timesteps.length) {
            throw new SchedulerException("%s: a start at call %d leaves none of %d"
                    .formatted(scheduler.name(), plan.begin, plan.timesteps.length));
        }
        this.scheduler = scheduler.name();
        this.plan = plan;
        this.stepper = stepper;
        this.noisePath = noisePath;
    }

    @Override
    public int count() {
        return plan.timesteps.length - plan.begin;
    }

    @Override
    public float timestep(int call) {
        return plan.timesteps[index(call)];
    }

    @Override
    public float[] timesteps() {
        return plan.timesteps.clone();
    }

    @Override
    public float[] sigmas() {
        return plan.sigmas.clone();
    }

    @Override
    public float initNoiseSigma() {
        return (float) plan.initNoiseSigma;
    }

    @Override
    public Optional<NoisePath> noisePath() {
        return Optional.ofNullable(noisePath);
    }

    @Override
    public Tensor initialLatents(Tensor noise) {
        return scaled(noise, initNoiseSigma());
    }

    @Override
    public Tensor addNoise(int call, Tensor original, Tensor noise) {
        requireSameShape("the noise", noise.shape(), original.shape());
        NoiseLevel level = plan.levels[index(call)];
        float[] sum = Terms.of(level.signal(), original.toFloatArray())
                .plus(level.noise(), noise.toFloatArray())
                .sum();
        return Tensor.of(sum, original.shape().dims());
    }

    @Override
    public Tensor scaleModelInput(int call, Tensor latents) {
        return scaled(latents, plan.inputScales[index(call)]);
    }

    @Override
    public StepResult step(int call, Tensor modelOutput, Tensor latents, NoiseSource noise) {
        int index = index(call);
        if (call != next) {
            throw new SchedulerException("%s: expected call %d, found %d".formatted(scheduler, next, call));
        }
        Shape shape = latents.shape();
        requireSameShape("the model's output", modelOutput.shape(), shape);
        Stepper.Update update = stepper.step(
                new Stepper.Call(index, modelOutput.toFloatArray(), latents.toFloatArray(), shape, new Checked(noise)));
        next++;
        return new StepResult(
                Tensor.of(update.prevSample, shape.dims()),
                update.predOriginalSample == null ? null : Tensor.of(update.predOriginalSample, shape.dims()));
    }

    /** A source whose noise has the latents' shape. */
    private final class Checked implements NoiseSource {
        private final NoiseSource source;

        Checked(NoiseSource source) {
            this.source = source;
        }

        @Override
        public Tensor next(Shape shape) {
            return checked(source.next(shape), shape);
        }

        @Override
        public Tensor next(Shape shape, double from, double to) {
            return checked(source.next(shape, from, to), shape);
        }

        private Tensor checked(Tensor noise, Shape shape) {
            requireSameShape("the noise", noise.shape(), shape);
            return noise;
        }
    }

    private int index(int call) {
        if (call < 0 || call >= count()) {
            throw new SchedulerException(
                    "%s: this run has the calls 0 to %d, found %d".formatted(scheduler, count() - 1, call));
        }
        return plan.begin + call;
    }

    private void requireSameShape(String what, Shape found, Shape expected) {
        if (!found.equals(expected)) {
            throw new SchedulerException(
                    "%s: expected %s to be %s as the latents, found %s".formatted(scheduler, what, expected, found));
        }
    }

    private static Tensor scaled(Tensor tensor, double scale) {
        return scale == 1
                ? tensor
                : Tensor.of(
                        Terms.of(scale, tensor.toFloatArray()).sum(),
                        tensor.shape().dims());
    }
}
