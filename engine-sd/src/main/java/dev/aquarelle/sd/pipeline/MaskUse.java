package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.SoftMask;
import dev.aquarelle.sd.pipeline.InpaintArea.OnlyMasked;
import dev.aquarelle.sd.pipeline.InpaintArea.WholePicture;
import java.util.SequencedMap;
import java.util.stream.Stream;

/**
 * What becomes of a mask and of the pixels that it does not cover.
 *
 * @param blur deviation in pixels of the bell curve that rounds the mask's shape and softens the edge of what is put back; 0 for none
 * @param inverted whether the picture is painted anew where the mask is black, not where it is white
 * @param keepsOriginal whether pixels that are not painted are put back from the original, so that they are its own: what went through latents
 *     and back is never quite the same
 * @param content what the part that is painted anew begins as
 * @param area how much of the picture is painted in the request's size
 */
public record MaskUse(double blur, boolean inverted, boolean keepsOriginal, MaskedContent content, InpaintArea area) {
    /** As diffusers: white is painted, and the result is what the decoder gives. */
    public static final MaskUse DEFAULT = new MaskUse(0, false, false);

    private static final double LARGEST_BLUR = 256;

    private static final String BLUR = "Mask blur";
    private static final String MODE = "Mask mode";
    private static final String NOT_MASKED = "Inpaint not masked";
    private static final String ORIGINAL = "Unmasked pixels";
    private static final String KEPT = "original";
    private static final String AREA = "Inpaint area";
    private static final String WHOLE_PICTURE = "Whole picture";
    private static final String ONLY_MASKED = "Only masked";
    private static final String PADDING = "Masked area padding";

    /**
     * @throws IllegalArgumentException if the blur is not 0 to 256, or only what is masked shall be painted and the original not be kept
     */
    public MaskUse {
        if (!(blur >= 0 && blur <= LARGEST_BLUR)) {
            throw new IllegalArgumentException("mask blur: expected 0 to 256 pixels, found " + blur);
        }
        if (area instanceof OnlyMasked && !keepsOriginal) {
            throw new IllegalArgumentException(
                    "mask: expected the original to be kept where only what is masked is painted, found that it is"
                            + " not");
        }
    }

    /**
     * Over what was there, of the whole picture.
     *
     * @throws IllegalArgumentException if the blur is not 0 to 256
     */
    public MaskUse(double blur, boolean inverted, boolean keepsOriginal) {
        this(blur, inverted, keepsOriginal, MaskedContent.ORIGINAL, InpaintArea.WHOLE_PICTURE);
    }

    /** The same, but the part that is painted anew begins as something else. */
    public MaskUse with(MaskedContent other) {
        return new MaskUse(blur, inverted, keepsOriginal, other, area);
    }

    /** The same of another part of the picture; where only what is masked is painted, the original is kept around it. */
    public MaskUse with(InpaintArea other) {
        return new MaskUse(blur, inverted, keepsOriginal || other instanceof OnlyMasked, content, other);
    }

    /** The same with the original's pixels put back, as the web UI always does. */
    MaskUse keepingOriginal() {
        return new MaskUse(blur, inverted, true, content, area);
    }

    /** What a picture used so is as a mask: how much of what is painted counts. */
    SoftMask of(Image picture) {
        SoftMask mask = SoftMask.of(picture);
        return (inverted ? mask.inverted() : mask).blurred(blur);
    }

    /** Writes what a picture's file says of it, under the web UI's names where it has them; nothing of what is {@link #DEFAULT}. */
    void putInto(SequencedMap<String, String> values) {
        if (blur > 0) {
            values.put(BLUR, SettledRequest.number(blur));
        }
        if (inverted) {
            values.put(MODE, NOT_MASKED);
        }
        content.putInto(values);
        switch (area) {
            case WholePicture _ -> {
                if (keepsOriginal) {
                    values.put(ORIGINAL, KEPT);
                }
            }
            case OnlyMasked masked -> {
                values.put(AREA, ONLY_MASKED);
                values.put(PADDING, Integer.toString(masked.padding()));
            }
        }
    }

    /** Whether the parameters tell of a mask: the web UI's do not name it. */
    static boolean isIn(ParameterReader values) {
        return Stream.of(BLUR, MODE, MaskedContent.KEY, AREA).anyMatch(values::has);
    }

    /**
     * What {@link #putInto} said, taken out of the parameters.
     *
     * @throws IllegalArgumentException if a value makes no sense
     */
    static MaskUse takenFrom(ParameterReader values) {
        MaskUse whole = new MaskUse(
                values.number(BLUR, 0),
                NOT_MASKED.equals(values.text(MODE)),
                KEPT.equals(values.text(ORIGINAL)),
                MaskedContent.takenFrom(values),
                InpaintArea.WHOLE_PICTURE);
        String area = values.text(AREA, WHOLE_PICTURE);
        int padding = values.integer(PADDING, OnlyMasked.USUAL.padding());
        return switch (area) {
            case WHOLE_PICTURE -> whole;
            case ONLY_MASKED -> whole.with(new OnlyMasked(padding));
            default -> throw ParameterReader.mismatch(AREA, WHOLE_PICTURE + " or " + ONLY_MASKED, area);
        };
    }
}
