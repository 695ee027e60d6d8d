package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;

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
    private static final String FILE = "generation_config.json";
    private static final int STEPS = 30;
    private static final double GUIDANCE = 7.5;

    /** Those of a folder; {@code width} and {@code height} are what the model was trained at. */
    static ModelDefaults read(ModelFolder folder, int width, int height) {
        Path file = folder.path().resolve(FILE);
        ModelConfig config = Files.exists(file) ? ModelConfig.read(file) : ModelConfig.parse(FILE, "{}");
        return new ModelDefaults(
                config.string("name", folder.name()),
                config.integer("width", 8, TextToImage.LARGEST_SIDE, width),
                config.integer("height", 8, TextToImage.LARGEST_SIDE, height),
                config.integer("steps", 1, TextToImage.MOST_STEPS, STEPS),
                config.number("guidance", GUIDANCE),
                config.string("sampler", ""));
    }
}
