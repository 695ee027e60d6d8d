package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.NoiseSource;
import dev.aquarelle.sd.schedulers.SchedulerRun;

/**
 * One way through a sampler, for {@link DiffusionModel#sample}.
 *
 * @param run a fresh run of a scheduler
 * @param guidance how the denoiser's looks at a picture are weighed
 * @param conditioning what the denoiser is told, a row for each look at each picture
 * @param steerer what steers it beside
 * @param latents what the run starts from, {@code [N, h, w, C]}
 * @param edit what becomes of the latents after each call
 * @param noise for samplers that add noise in their steps
 * @param listener told after each call of the denoiser
 * @param cancellation asked all the time
 * @param shortcuts what makes it sooner
 */
public record Sampling(
        SchedulerRun run,
        GuidanceMethod guidance,
        ConditioningSchedule conditioning,
        Steerer steerer,
        Tensor latents,
        LatentsEdit edit,
        NoiseSource noise,
        ProgressListener listener,
        Cancellation cancellation,
        Shortcuts shortcuts) {

    /** The exact way. */
    public Sampling(
            SchedulerRun run,
            GuidanceMethod guidance,
            ConditioningSchedule conditioning,
            Steerer steerer,
            Tensor latents,
            LatentsEdit edit,
            NoiseSource noise,
            ProgressListener listener,
            Cancellation cancellation) {
        this(run, guidance, conditioning, steerer, latents, edit, noise, listener, cancellation, Shortcuts.NONE);
    }

    CallPlan plan() {
        return new CallPlan(shortcuts, guidance.looks(), run.count());
    }
}
