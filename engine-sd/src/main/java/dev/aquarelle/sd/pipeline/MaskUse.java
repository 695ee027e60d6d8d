package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.SoftMask;
import java.util.SequencedMap;

/**
 * What becomes of a mask and of the pixels that it does not cover.
 *
 * @param blur deviation in pixels of the bell curve that rounds the mask's shape and softens the edge of what is put back; 0 for none
 * @param inverted whether the picture is painted anew where the mask is black, not where it is white
 * @param keepsOriginal whether pixels that are not painted are put back from the original, so that they are its own: what went through latents
 *     and back is never quite the same
 */
public record MaskUse(double blur, boolean inverted, boolean keepsOriginal) {
    /** As diffusers: white is painted, and the result is what the decoder gives. */
    public static final MaskUse DEFAULT = new MaskUse(0, false, false);

    private static final double LARGEST_BLUR = 256;

    private static final String BLUR = "Mask blur";
    private static final String MODE = "Mask mode";
    private static final String NOT_MASKED = "Inpaint not masked";
    private static final String ORIGINAL = "Unmasked pixels";
    private static final String KEPT = "original";

    /**
     * @throws IllegalArgumentException if the blur is not 0 to 256
     */
    public MaskUse {
        if (!(blur >= 0 && blur <= LARGEST_BLUR)) {
            throw new IllegalArgumentException("mask blur: expected 0 to 256 pixels, found " + blur);
        }
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
        if (keepsOriginal) {
            values.put(ORIGINAL, KEPT);
        }
    }

    /**
     * What {@link #putInto} said, taken out of the parameters.
     *
     * @throws IllegalArgumentException if a value makes no sense
     */
    static MaskUse takenFrom(ParameterReader values) {
        return new MaskUse(
                values.number(BLUR, 0), NOT_MASKED.equals(values.text(MODE)), KEPT.equals(values.text(ORIGINAL)));
    }
}
