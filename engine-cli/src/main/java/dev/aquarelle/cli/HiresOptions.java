package dev.aquarelle.cli;

import dev.aquarelle.sd.pipeline.HiresFix;
import dev.aquarelle.sd.pipeline.HiresUpscaler;
import dev.aquarelle.sd.pipeline.PictureRequest;
import dev.aquarelle.sd.pipeline.TextToImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A second, larger pass, as the options say. */
final class HiresOptions {
    private static final double STRENGTH = 0.7;

    @Option(
            names = "--hires",
            paramLabel = "X|WxH",
            description =
                    "Make the picture in its size first, then so many times larger, or of so many pixels, in a second"
                            + " pass.")
    private @Nullable String size;

    @Option(
            names = "--hires-upscaler",
            paramLabel = "NAME|FILE",
            description = "What enlarges it between: latent, latent-bicubic, latent-nearest ..., lanczos, bicubic, or a"
                    + " network of the ESRGAN family in a file (default: latent).")
    private @Nullable String upscaler;

    @Option(
            names = "--hires-strength",
            paramLabel = "X",
            description = "How much becomes new in the second pass, above 0, at most 1 (default: 0.7).")
    private @Nullable Double strength;

    @Option(
            names = "--hires-steps",
            paramLabel = "N",
            description = "Steps of the second pass (default: as many as of the first).")
    private @Nullable Integer steps;

    /** Whether a second pass is asked for. */
    boolean isOn() {
        return size != null;
    }

    /**
     * Compares the options with each other.
     *
     * @throws IllegalArgumentException if they do not belong together
     */
    void requireSense() {
        if (size == null) {
            Arguments.requireAbsent("--hires-upscaler", upscaler, "--hires");
            Arguments.requireAbsent("--hires-strength", strength, "--hires");
            Arguments.requireAbsent("--hires-steps", steps, "--hires");
        }
    }

    /**
     * The request for a text.
     *
     * @throws IllegalArgumentException if a value makes no sense
     */
    PictureRequest request(TextToImage text) {
        return sized(text)
                .with(upscaler == null ? HiresUpscaler.usual() : named(upscaler))
                .withStrength(strength == null ? STRENGTH : strength)
                .withSteps(steps == null ? 0 : steps);
    }

    private HiresFix sized(TextToImage text) {
        String asked = String.valueOf(size);
        if (asked.matches("\\d{1,9}(\\.\\d{1,9})?")) {
            return HiresFix.by(text, Double.parseDouble(asked));
        }
        if (asked.matches("\\d{1,9}[xX×]\\d{1,9}")) {
            PictureSize pixels = new PictureSize.Converter().convert(asked);
            return HiresFix.to(text, pixels.width(), pixels.height());
        }
        throw new IllegalArgumentException(
                "--hires: expected a number such as 2 or WIDTHxHEIGHT such as 1024x768, found " + asked);
    }

    private static HiresUpscaler named(String name) {
        HiresUpscaler known = HiresUpscaler.names().get(name.toLowerCase(Locale.ROOT));
        if (known != null) {
            return known;
        }
        if (!Files.isRegularFile(Path.of(name))) {
            throw new IllegalArgumentException("--hires-upscaler: expected %s, or a file, found %s"
                    .formatted(String.join(", ", HiresUpscaler.names().keySet()), name));
        }
        return new HiresUpscaler.Network(Path.of(name));
    }
}
