package dev.aquarelle.cli;

import dev.aquarelle.sd.pipeline.PictureRequest;
import dev.aquarelle.sd.pipeline.Refined;
import dev.aquarelle.sd.pipeline.TextToImage;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A model that finishes what another has begun, as the options say. */
final class RefinerOptions {
    private static final double START = 0.8;

    @Option(
            names = "--refiner",
            paramLabel = "MODEL",
            description = "Let another model finish the picture, such as SDXL's refiner.")
    private @Nullable Path model;

    @Option(
            names = "--refiner-start",
            paramLabel = "X",
            description = "After which part of the way, between 0 and 1 (default: 0.8).")
    private @Nullable Double start;

    private @Nullable Path resolved;

    /** Whether there is one. */
    boolean isOn() {
        return model != null;
    }

    /**
     * Finds the model.
     *
     * @throws IllegalArgumentException if the options do not belong together
     */
    void read() {
        if (model == null) {
            Arguments.requireAbsent("--refiner-start", start, "--refiner");
            return;
        }
        resolved = ModelRegistry.ofUser().resolve(model);
    }

    /**
     * The request for a text.
     *
     * @throws IllegalArgumentException if the start is out of its range
     */
    PictureRequest request(TextToImage text) {
        return resolved == null ? text : new Refined(text, resolved, start == null ? START : start);
    }
}
