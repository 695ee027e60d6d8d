package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.Program;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.vae.Autoencoder;
import dev.aquarelle.sd.vae.AutoencoderTiny;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What pictures will look like: in full size by a tiny decoder if there is one, else a pixel for each of the latents by {@link LatentPreview}.
 * A request that is under way is worth more than its previews: where the memory beside the denoiser does not hold the tiny decoder they are
 * small, and where it does not even hold what those are fitted to there are none, each with a line in the log.
 */
final class Previews {
    private static final Logger LOG = System.getLogger(Previews.class.getName());

    private final Programs programs;
    private final Autoencoder vae;
    private final @Nullable AutoencoderTiny tiny;
    private @Nullable LatentPreview linear;
    private boolean tinyRefused; // of the pictures at work: tried once, not after each step
    private boolean linearRefused;

    /**
     * @param vae the model's own
     * @param tiny of the same latents
     */
    Previews(Programs programs, Autoencoder vae, @Nullable AutoencoderTiny tiny) {
        this.programs = programs;
        this.vae = vae;
        this.tiny = tiny;
    }

    /** What the tiny decoder takes, for pictures of so many latents; 0 if there is none. */
    long memory(int height, int width) {
        return tiny == null ? 0 : programs.previewBytes(tiny, height, width);
    }

    /** Other pictures are begun. */
    void begin() {
        tinyRefused = false;
        linearRefused = false;
    }

    /**
     * A preview of each of the latents {@code [N, h, w, C]}, or none.
     *
     * @throws java.util.concurrent.CancellationException if stopped
     */
    List<Image> of(Tensor latents, Cancellation cancellation) {
        if (tiny != null && !tinyRefused) {
            try {
                return decoded(tiny, latents, cancellation);
            } catch (MemoryBudgetException e) {
                tinyRefused = true;
                LOG.log(Level.WARNING, "the previews of this picture are small ones: {0}", e.getMessage());
            }
        }
        return linear(latents, cancellation);
    }

    private List<Image> decoded(AutoencoderTiny by, Tensor latents, Cancellation cancellation) {
        Shape shape = latents.shape();
        Program program = programs.previewDecoder(by, shape.dim(1), shape.dim(2), cancellation);
        List<Image> images = new ArrayList<>();
        for (int n = 0; n < shape.dim(0); n++) {
            images.add(Image.fromTensor(program.run(cancellation, latents.slice(n, n + 1))));
        }
        return images;
    }

    private List<Image> linear(Tensor latents, Cancellation cancellation) {
        if (linear == null && !linearRefused) {
            try {
                linear = fitted(cancellation);
            } catch (MemoryBudgetException e) {
                linearRefused = true;
                LOG.log(Level.WARNING, "there are no previews of this picture: {0}", e.getMessage());
            }
        }
        return linear == null ? List.of() : linear.of(latents);
    }

    private LatentPreview fitted(Cancellation cancellation) {
        Shape patches = LatentPreview.patches(vae.latentChannels());
        try (Program program = programs.passingDecoder(patches, cancellation)) {
            return LatentPreview.fit(vae.latentChannels(), latents -> program.run(cancellation, latents));
        }
    }
}
