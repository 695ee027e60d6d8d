package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.image.Image;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Where a request stands after a step. */
public final class Progress {
    private final int step;
    private final int steps;
    private final @Nullable Duration timeLeft;
    private final Tensor latents;
    private final Tensor predOriginalSample;
    private final Function<Tensor, List<Image>> preview;
    private final Thread listening = Thread.currentThread();
    private @Nullable List<Image> previews;
    private boolean over;

    Progress(
            int step,
            int steps,
            @Nullable Duration timeLeft,
            Tensor latents,
            Tensor predOriginalSample,
            Function<Tensor, List<Image>> preview) {
        this.step = step;
        this.steps = steps;
        this.timeLeft = timeLeft;
        this.latents = latents;
        this.predOriginalSample = predOriginalSample;
        this.preview = preview;
    }

    /** The same as a part of more: so many calls come before this part, and so many there are in all. What other parts will take is not known. */
    Progress within(int before, int all) {
        Duration left = before + steps < all ? null : timeLeft;
        return new Progress(before + step, all, left, latents, predOriginalSample, _ -> preview());
    }

    /** Calls of the denoiser that are done: 1 to {@link #steps}. */
    public int step() {
        return step;
    }

    /** Calls of the denoiser in all; for samplers that look twice, more than the steps asked for. */
    public int steps() {
        return steps;
    }

    /**
     * How long it will take to the end of the request, decoding the pictures included, at the pace of the steps so far: {@code null} after
     * the first step of an engine, which says nothing about the others.
     */
    public @Nullable Duration timeLeft() {
        return timeLeft;
    }

    /** The latents {@code [N, h/8, w/8, C]} after the step; not to be written to. */
    public Tensor latents() {
        return latents;
    }

    /** What the sampler takes for the clean latents at this point, where it has a notion of them, else the latents. */
    public Tensor predOriginalSample() {
        return predOriginalSample;
    }

    /**
     * What each picture will look like.
     *
     * <p>With an {@link EngineOptions#previewDecoder} it is as large as the picture will be, and is decoded for it. Without one, or with
     * a line in the log if there is no memory for it beside the denoiser, it is a pixel for every 8 x 8: each color a weighted sum of the
     * latent's channels, so it costs next to nothing; the first one of an engine takes longer, as the weights are found by decoding a few colors.
     *
     * <p>Asked again, it gives the same ones.
     *
     * @return a preview of each picture, or none, with a line in the log, if even that takes more memory than there is
     * @throws java.util.concurrent.CancellationException if the request is stopped
     * @throws IllegalStateException if {@link ProgressListener#onStep} has returned, or on another thread than its own: the engine is at work
     */
    public List<Image> preview() {
        if (Thread.currentThread() != listening || over) {
            throw new IllegalStateException(
                    "preview: expected a call by the listener while it is told of step %d, found one %s"
                            .formatted(step, over ? "afterwards" : "on another thread"));
        }
        List<Image> made = previews;
        if (made == null) {
            made = List.copyOf(preview.apply(predOriginalSample));
            previews = made;
        }
        return made;
    }

    /** The listener has been told; by its own thread. */
    void end() {
        over = true;
    }
}
