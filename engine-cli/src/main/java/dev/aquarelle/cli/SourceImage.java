package dev.aquarelle.cli;

import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import dev.aquarelle.sd.pipeline.ImageToImage;
import dev.aquarelle.sd.pipeline.Inpaint;
import dev.aquarelle.sd.pipeline.InstructEdit;
import dev.aquarelle.sd.pipeline.PictureRequest;
import dev.aquarelle.sd.pipeline.TextToImage;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The picture to start from, as the options say. */
final class SourceImage {
    private static final double STRENGTH = 0.8;
    private static final double IMAGE_GUIDANCE = 1.5;

    @Option(
            names = {"-i", "--image"},
            paramLabel = "FILE",
            description = "A PNG to start from, its sides multiples of 8.")
    private @Nullable Path file;

    @Option(
            names = "--mask",
            paramLabel = "FILE",
            description = "A PNG of the same size: what is white in it is painted anew, the rest of the image stays.")
    private @Nullable Path maskFile;

    @Option(
            names = "--strength",
            paramLabel = "X",
            description = "How much of the image becomes new, above 0, at most 1 (default: 0.8, with a mask 1).")
    private @Nullable Double strength;

    @Option(
            names = "--image-guidance",
            paramLabel = "X",
            description =
                    "How much of the image is kept, 1 and more, by models that follow instructions (default: 1.5).")
    private @Nullable Double imageGuidance;

    private @Nullable Image image;
    private @Nullable Image mask;

    /**
     * Reads the files.
     *
     * @throws IllegalArgumentException if the options do not belong together or a number is out of its range
     * @throws IOException if a file cannot be read
     */
    void read() throws IOException {
        if (file == null) {
            requireAbsent("--mask", maskFile);
            requireAbsent("--strength", strength);
            requireAbsent("--image-guidance", imageGuidance);
            return;
        }
        image = Png.read(file);
        mask = maskFile == null ? null : Png.read(maskFile);
    }

    private static void requireAbsent(String option, @Nullable Object value) {
        if (value != null) {
            throw new IllegalArgumentException(option + ": expected --image beside it, found none");
        }
    }

    /**
     * The request for a text, from the picture if there is one.
     *
     * @param instructing whether the model follows instructions
     */
    PictureRequest request(TextToImage text, boolean instructing) {
        if (image == null) {
            return text;
        }
        if (mask != null) {
            return new Inpaint(text, image, mask, strength == null ? 1 : strength);
        }
        return instructing
                ? new InstructEdit(text, image, imageGuidance == null ? IMAGE_GUIDANCE : imageGuidance)
                : new ImageToImage(text, image, strength == null ? STRENGTH : strength);
    }
}
