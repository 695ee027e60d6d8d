package dev.aquarelle.cli;

import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.ImageFile;
import dev.aquarelle.sd.pipeline.InpaintArea;
import dev.aquarelle.sd.pipeline.InpaintArea.OnlyMasked;
import dev.aquarelle.sd.pipeline.MaskUse;
import dev.aquarelle.sd.pipeline.MaskedContent;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which part of the picture is painted anew, as the options say. */
final class MaskOptions {
    static final String MASK = "--mask";
    private static final String ONLY_MASKED = "--only-masked";
    private static final double BLUR = 4;

    @Option(
            names = MASK,
            paramLabel = "FILE",
            description =
                    "A picture of the image's size: what is white in it is painted anew, the rest of the image stays.")
    private @Nullable Path file;

    @Option(
            names = "--mask-blur",
            paramLabel = "PIXELS",
            description = "How soft the edge of what is painted anew is, 0 for hard (default: 4).")
    private @Nullable Double blur;

    @Option(names = "--invert-mask", description = "Paint anew what is black in the mask.")
    private boolean inverted;

    @Option(
            names = "--masked-content",
            paramLabel = "NAME",
            converter = ContentConverter.class,
            description = "What the masked part begins as: original, fill with the colors around it, latent-noise, or"
                    + " latent-nothing (default: original).")
    private @Nullable MaskedContent content;

    @Option(
            names = ONLY_MASKED,
            description = "Paint only what is around the mask, enlarged to --size, and put it back; the result has the"
                    + " image's size, which may be any.")
    private boolean onlyMasked;

    @Option(
            names = "--mask-padding",
            paramLabel = "PIXELS",
            description = "How much of the image on each side of the mask is painted with it then (default: 32).")
    private @Nullable Integer padding;

    @Option(
            names = "--no-paste-back",
            description =
                    "Leave the unmasked pixels as they come out of the model, close to the image's, in place of its"
                            + " own.")
    private boolean noPasteBack;

    /** Names with dashes, as the other options' values have. */
    static final class ContentConverter implements ITypeConverter<MaskedContent> {
        @Override
        public MaskedContent convert(String value) {
            for (MaskedContent content : MaskedContent.values()) {
                if (content.title().replace(' ', '-').equalsIgnoreCase(value.replace(' ', '-'))) {
                    return content;
                }
            }
            throw new TypeConversionException(
                    "expected original, fill, latent-noise or latent-nothing, found " + value);
        }
    }

    /** Whether there is a mask. */
    boolean isOn() {
        return file != null;
    }

    /** Whether the picture keeps its size, whatever is painted. */
    boolean isOnlyMasked() {
        return onlyMasked;
    }

    /**
     * Compares the options with each other.
     *
     * @throws IllegalArgumentException if they do not belong together or a number is out of its range
     */
    void requireSense() {
        if (file == null) {
            Arguments.requireAbsent("--mask-blur", blur, MASK);
            Arguments.requireAbsent("--invert-mask", inverted ? true : null, MASK);
            Arguments.requireAbsent("--masked-content", content, MASK);
            Arguments.requireAbsent(ONLY_MASKED, onlyMasked ? true : null, MASK);
            Arguments.requireAbsent("--no-paste-back", noPasteBack ? true : null, MASK);
        }
        if (!onlyMasked) {
            Arguments.requireAbsent("--mask-padding", padding, ONLY_MASKED);
        }
        if (onlyMasked && noPasteBack) {
            throw new IllegalArgumentException("--no-paste-back: expected none beside " + ONLY_MASKED);
        }
        MaskUse _ = use(); // refuses what makes no sense
    }

    /**
     * The picture of the mask.
     *
     * @throws IOException if it cannot be read
     */
    @Nullable
    Image read() throws IOException {
        return file == null ? null : ImageFile.read(file);
    }

    /** What becomes of it. */
    MaskUse use() {
        InpaintArea area = InpaintArea.WHOLE_PICTURE;
        if (onlyMasked) {
            area = padding == null ? OnlyMasked.USUAL : new OnlyMasked(padding);
        }
        return new MaskUse(
                blur == null ? BLUR : blur,
                inverted,
                !noPasteBack,
                content == null ? MaskedContent.ORIGINAL : content,
                area);
    }
}
