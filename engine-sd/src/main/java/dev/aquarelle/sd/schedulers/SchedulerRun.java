package dev.aquarelle.sd.schedulers;

import dev.aquarelle.core.tensor.Tensor;
import java.util.Optional;

/**
 * One way from noise to a sample: the calls of the model in their order, and the sampler's memory of them. For one thread, once.
 *
 * <pre>{@code
 * SchedulerRun run = scheduler.start(30);
 * Tensor latents = run.initialLatents(noise);
 * for (int call = 0; call < run.count(); call++) {
 *     Tensor modelOutput = unet(run.scaleModelInput(call, latents), run.timestep(call));
 *     latents = run.step(call, modelOutput, latents, noiseSource).prevSample();
 * }
 * }</pre>
 *
 * Tensors are F32, samples outermost, otherwise in any layout; results are new tensors on the heap.
 */
public interface SchedulerRun {
    /** How many times the model is called: more than the steps for samplers that look twice. */
    int count();

    /** The timestep for a call of the model, 0 to {@code count() - 1}; it may be fractional. */
    float timestep(int call);

    /** A copy of the timesteps of the whole schedule, also of the calls that a later start leaves out. */
    float[] timesteps();

    /** A copy of the sampler's sigmas, as many as it has calls and some more; empty for samplers that have none. */
    float[] sigmas();

    /** The standard deviation of the noise a run without an image starts with. */
    float initNoiseSigma();

    /** The path that its noise is cut out of; empty if the noise of all its steps is independent, or there is none. */
    default Optional<NoisePath> noisePath() {
        return Optional.empty();
    }

    /** Where a run without an image starts: {@code noise * initNoiseSigma()}. */
    Tensor initialLatents(Tensor noise);

    /** {@code original} with noise of a call's level: where a run with an image starts, for call 0. */
    Tensor addNoise(int call, Tensor original, Tensor noise);

    /** The latents as the model wants to see them. */
    Tensor scaleModelInput(int call, Tensor latents);

    /**
     * One step.
     *
     * @param call the calls in order, each once
     * @param modelOutput what the model predicts (with guidance, if any), of the latents' shape
     * @param latents before the step, not scaled
     * @param noise asked only by samplers that add noise, and only in the calls in which they do
     * @throws SchedulerException if a call is left out or repeated, or the configuration has no finite solution at this point
     */
    StepResult step(int call, Tensor modelOutput, Tensor latents, NoiseSource noise);
}
