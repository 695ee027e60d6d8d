package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.schedulers.NoiseSource;
import dev.aquarelle.sd.schedulers.SchedulerRun;

/**
 * One way through a sampler, for {@link DiffusionModel#sample}.
 *
 * @param run a fresh run of a scheduler
 * @param guidance how the prompts are weighed
 * @param promptEmbeds hidden states of the prompts {@code [N, S, crossAttentionDim]}, with guidance {@code [2 N, ...]}, negative ones first
 * @param latents what the run starts from, {@code [N, h, w, C]}
 * @param noise for samplers that add noise in their steps
 * @param listener told after each call of the denoiser
 * @param cancellation asked all the time
 */
public record Sampling(
        SchedulerRun run,
        Guidance guidance,
        Tensor promptEmbeds,
        Tensor latents,
        NoiseSource noise,
        ProgressListener listener,
        Cancellation cancellation) {}
