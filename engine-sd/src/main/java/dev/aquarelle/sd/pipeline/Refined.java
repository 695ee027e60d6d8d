package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.checkpoint.FileHashes;
import java.nio.file.Path;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A picture begun by one model and finished by another: SDXL's base and its refiner (arXiv:2307.01952, section 2.5) as diffusers joins them by
 * {@code denoising_end} and {@code denoising_start}, or any other model with the same latents. The refiner takes the latents as they are, with
 * what is left of the noise, and its own autoencoder decodes them. Add-ons are for the first model alone.
 *
 * <pre>{@code
 * new Refined(TextToImage.of("a lion"), Path.of("stable-diffusion-xl-refiner-1.0"), 0.8)
 * }</pre>
 *
 * @param text prompt and settings, for both; a sampler that is not named is each model's own
 * @param refiner the folder or file of the other model
 * @param switchAt the part of the training's timesteps that the first model goes through: above 0, below 1
 */
public record Refined(TextToImage text, Path refiner, double switchAt) implements PictureRequest {
    private static final String REFINER = "Refiner";
    private static final String SWITCH_AT = "Refiner switch at";

    /**
     * @throws IllegalArgumentException if the part is not between 0 and 1
     */
    public Refined {
        if (!(switchAt > 0 && switchAt < 1)) {
            throw new IllegalArgumentException("refiner: expected a start above 0 and below 1, found " + switchAt);
        }
    }

    /** Writes what the picture's file says of it, under the web UI's names. */
    void putInto(SequencedMap<String, String> values, FileHashes hashes) {
        values.put(REFINER, AddOnParameters.named(refiner, hashes));
        values.put(SWITCH_AT, SettledRequest.number(switchAt));
    }

    /**
     * What {@link #putInto} said, taken out of the parameters; {@code null} if they tell of something else.
     *
     * @throws IllegalArgumentException if a value makes no sense, or the model is not found
     */
    static @Nullable Refined takenFrom(TextToImage text, ParameterReader values, ReplayFiles files) {
        String name = values.text(REFINER);
        return name == null
                ? null
                : new Refined(
                        text, files.file("refiner", AddOnParameters.withoutHash(name)), values.number(SWITCH_AT, 0));
    }
}
