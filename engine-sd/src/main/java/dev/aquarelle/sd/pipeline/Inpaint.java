package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.SoftMask;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;

/**
 * A part of a picture painted anew. Models made for it (with nine channels) see what is around; others paint the whole and put back what
 * the mask does not cover after each step.
 *
 * @param text prompt and settings; of the steps only the part {@code strength} is made
 * @param image of the request's size, or one that says nothing of size; of any size where {@link InpaintArea.OnlyMasked} is painted
 * @param mask of the picture's size: what is brighter than half is painted anew
 * @param strength how much of what was there becomes new: above 0, to 1 for all
 * @param use what becomes of the mask and of what it does not cover
 */
public record Inpaint(TextToImage text, Image image, Image mask, double strength, MaskUse use)
        implements PictureRequest {
    /**
     * @throws IllegalArgumentException if the strength is not above 0 and at most 1, or the mask is of another size than the picture
     */
    public Inpaint {
        ImageToImage.requireStrength(strength);
        if (mask.width() != image.width() || mask.height() != image.height()) {
            throw new IllegalArgumentException("mask: expected %d x %d pixels as the picture has, found %d x %d"
                    .formatted(image.width(), image.height(), mask.width(), mask.height()));
        }
    }

    /**
     * As diffusers uses masks.
     *
     * @throws IllegalArgumentException if the strength is not above 0 and at most 1, or the mask is of another size than the picture
     */
    public Inpaint(TextToImage text, Image image, Image mask, double strength) {
        this(text, image, mask, strength, MaskUse.DEFAULT);
    }

    /** The same with the mask used otherwise. */
    public Inpaint with(MaskUse other) {
        return new Inpaint(text, image, mask, strength, other);
    }

    /** The mask as it is used: white where the picture is painted anew. */
    Image usedMask() {
        return use.of(mask).toImage();
    }

    /** The same over the picture that the run begins with. */
    Inpaint begun() {
        return use.content() == MaskedContent.ORIGINAL
                ? this // whose mask need not be blurred for it
                : new Inpaint(text, use.content().begun(image, use.of(mask)), mask, strength, use);
    }

    /** What makes the result of what the decoder gives. */
    UnaryOperator<Image> finish() {
        if (!use.keepsOriginal()) {
            return UnaryOperator.identity();
        }
        SoftMask shown = use.of(mask).grown();
        return decoded -> shown.compose(decoded, image);
    }

    /** Writes what the picture's file says of it. */
    void putInto(SequencedMap<String, String> values) {
        values.put(Replay.STRENGTH, SettledRequest.number(strength));
        use.putInto(values);
    }
}
