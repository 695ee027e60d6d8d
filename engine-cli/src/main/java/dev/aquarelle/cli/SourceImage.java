package dev.aquarelle.cli;

import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.ImageFile;
import dev.aquarelle.sd.image.PictureFit;
import dev.aquarelle.sd.pipeline.ImageToImage;
import dev.aquarelle.sd.pipeline.Inpaint;
import dev.aquarelle.sd.pipeline.InstructEdit;
import dev.aquarelle.sd.pipeline.Outpaint;
import dev.aquarelle.sd.pipeline.PictureRequest;
import dev.aquarelle.sd.pipeline.TextToImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The picture to start from, as the options say. */
final class SourceImage {
    private static final double STRENGTH = 0.8;
    private static final double IMAGE_GUIDANCE = 1.5;
    private static final int GRID = 8;
    private static final String IMAGE = "--image";
    private static final String RESIZE_MODE = "--resize-mode";
    private static final String OUTPAINT = "--outpaint";

    @Option(
            names = {"-i", IMAGE},
            paramLabel = "FILE",
            description = "A picture to start from: PNG, JPEG, BMP, GIF or TIFF.")
    private @Nullable Path file;

    @Option(
            names = RESIZE_MODE,
            paramLabel = "MODE",
            description =
                    "How the image is brought to --size, or to multiples of 8: stretch it, crop what is too much, or"
                            + " fill what is too little with its edges (default: crop).")
    private @Nullable PictureFit fit;

    @Mixin
    private final MaskOptions masking = new MaskOptions();

    @Option(
            names = OUTPAINT,
            paramLabel = "SIDE=PIXELS",
            split = ",",
            description = "Continue the image beyond its edges: left=64,right=64,top=0,bottom=32.")
    private @Nullable Map<Side, Integer> outpaint;

    @Option(
            names = "--strength",
            paramLabel = "X",
            description =
                    "How much of the image becomes new, above 0, at most 1 (default: 0.8, with a mask or margins 1).")
    private @Nullable Double strength;

    @Option(
            names = "--image-guidance",
            paramLabel = "X",
            description =
                    "How much of the image is kept, 1 and more, by models that follow instructions (default: 1.5).")
    private @Nullable Double imageGuidance;

    private @Nullable Image image;
    private @Nullable Image mask;

    /** Where an image is continued. */
    enum Side {
        LEFT,
        TOP,
        RIGHT,
        BOTTOM
    }

    /** Whether there is one. */
    boolean isOn() {
        return file != null;
    }

    /**
     * Reads the files.
     *
     * @param size that is asked for
     * @throws IllegalArgumentException if the options do not belong together or a number is out of its range
     * @throws IOException if a file cannot be read
     */
    void read(@Nullable PictureSize size) throws IOException {
        if (file == null) {
            Arguments.requireAbsent(MaskOptions.MASK, masking.isOn() ? true : null, IMAGE);
            Arguments.requireAbsent("--strength", strength, IMAGE);
            Arguments.requireAbsent("--image-guidance", imageGuidance, IMAGE);
            Arguments.requireAbsent(RESIZE_MODE, fit, IMAGE);
            Arguments.requireAbsent(OUTPAINT, outpaint, IMAGE);
        }
        masking.requireSense();
        if (file == null) {
            return;
        }
        if (outpaint != null) {
            refuse(MaskOptions.MASK, masking.isOn() ? true : null, OUTPAINT);
            refuse("--size", size, OUTPAINT);
            refuse(RESIZE_MODE, fit, OUTPAINT);
        }
        if (masking.isOnlyMasked()) {
            refuse(RESIZE_MODE, fit, "--only-masked");
        }
        Image read = ImageFile.read(file);
        Image readMask = masking.read();
        if (readMask != null) {
            requireSameSize(readMask, read);
        }
        boolean staysAsItIs = outpaint != null || masking.isOnlyMasked();
        image = staysAsItIs ? read : fitted(read, size);
        mask = staysAsItIs || readMask == null ? readMask : fitted(readMask, size);
    }

    private static void refuse(String option, @Nullable Object value, String beside) {
        if (value != null) {
            throw new IllegalArgumentException("%s: expected none beside %s".formatted(option, beside));
        }
    }

    private static void requireSameSize(Image mask, Image image) {
        if (mask.width() != image.width() || mask.height() != image.height()) {
            throw new IllegalArgumentException("mask: expected %d x %d pixels as the picture has, found %d x %d"
                    .formatted(image.width(), image.height(), mask.width(), mask.height()));
        }
    }

    private Image fitted(Image picture, @Nullable PictureSize size) {
        int width = size != null ? size.width() : Math.max(GRID, picture.width() / GRID * GRID);
        int height = size != null ? size.height() : Math.max(GRID, picture.height() / GRID * GRID);
        return (fit == null ? PictureFit.CROP : fit).fit(picture, width, height);
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
        if (outpaint != null) {
            return new Outpaint(
                    text,
                    image,
                    new Outpaint.Margins(margin(Side.LEFT), margin(Side.TOP), margin(Side.RIGHT), margin(Side.BOTTOM)),
                    strength == null ? 1 : strength);
        }
        if (mask != null) {
            return new Inpaint(text, image, mask, strength == null ? 1 : strength, masking.use());
        }
        return instructing
                ? new InstructEdit(text, image, imageGuidance == null ? IMAGE_GUIDANCE : imageGuidance)
                : new ImageToImage(text, image, strength == null ? STRENGTH : strength);
    }

    private int margin(Side side) {
        return outpaint == null ? 0 : outpaint.getOrDefault(side, 0);
    }
}
