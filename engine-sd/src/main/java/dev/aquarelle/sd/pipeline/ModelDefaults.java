package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.checkpoint.ModelSource;

/**
 * What a model makes best when nobody says anything: from {@code generation_config.json} in its folder, as far as it is there.
 *
 * @param name what a picture's parameters call the model; the folder's name if nothing is said
 * @param width of a picture in pixels
 * @param height of a picture in pixels
 * @param steps of the sampler
 * @param guidance the guidance scale
 * @param sampler a name that {@link dev.aquarelle.sd.schedulers.Schedulers#named} knows; empty for the model's own scheduler
 */
public record ModelDefaults(String name, int width, int height, int steps, double guidance, String sampler) {
    private static final int STEPS = 30;
    private static final double GUIDANCE = 7.5;

    /** Those of a model; {@code width} and {@code height} are what the model was trained at. */
    static ModelDefaults read(ModelSource source, int width, int height) {
        ModelConfig config = source.generation();
        return new ModelDefaults(
                config.string("name", source.name()),
                config.integer("width", 8, TextToImage.LARGEST_SIDE, width),
                config.integer("height", 8, TextToImage.LARGEST_SIDE, height),
                config.integer("steps", 1, TextToImage.MOST_STEPS, STEPS),
                config.number("guidance", GUIDANCE),
                config.string("sampler", ""));
    }
}
