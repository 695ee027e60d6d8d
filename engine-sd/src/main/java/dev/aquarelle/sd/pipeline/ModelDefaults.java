package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a model makes best when nobody says anything: from {@code generation_config.json} in its folder, as far as it is there.
 *
 * @param width of a picture in pixels
 * @param height of a picture in pixels
 * @param steps of the sampler
 * @param guidance the guidance scale
 * @param sampler a name that {@link dev.aquarelle.sd.schedulers.Schedulers#named} knows; empty for the model's own scheduler
 */
public record ModelDefaults(int width, int height, int steps, double guidance, String sampler) {
    private static final String FILE = "generation_config.json";
    private static final int STEPS = 30;
    private static final double GUIDANCE = 7.5;

    /** Those of a folder; {@code width} and {@code height} are what the model was trained at. */
    static ModelDefaults read(Path folder, int width, int height) {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return new ModelDefaults(width, height, STEPS, GUIDANCE, "");
        }
        ModelConfig config = ModelConfig.read(file);
        return new ModelDefaults(
                config.integer("width", 8, TextToImage.LARGEST_SIDE, width),
                config.integer("height", 8, TextToImage.LARGEST_SIDE, height),
                config.integer("steps", 1, TextToImage.MOST_STEPS, STEPS),
                config.number("guidance", GUIDANCE),
                config.string("sampler", ""));
    }
}
