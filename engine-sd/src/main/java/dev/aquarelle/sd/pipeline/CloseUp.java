package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.PictureFit;
import dev.aquarelle.sd.image.Region;
import dev.aquarelle.sd.image.SoftMask;
import dev.aquarelle.sd.pipeline.InpaintArea.OnlyMasked;

/**
 * What is around a mask, cut out of the picture, painted in a size of its own and put back (the web UI's inpaint area "only masked", diffusers'
 * {@code padding_mask_crop}). What comes out has the picture's size.
 *
 * @param inpaint what was asked for
 * @param mask as it is used, of the whole picture
 * @param region that is cut out
 * @param width that it is painted in
 * @param height that it is painted in
 */
record CloseUp(Inpaint inpaint, SoftMask mask, Region region, int width, int height) {

    /**
     * Looks for what is masked.
     *
     * @throws IllegalArgumentException if nothing is
     */
    static CloseUp of(Inpaint inpaint, OnlyMasked area, int width, int height) {
        SoftMask mask = inpaint.use().of(inpaint.mask());
        Region masked = mask.bounds();
        if (masked == null) {
            throw new IllegalArgumentException("mask: expected a part that is painted, found none");
        }
        Image picture = inpaint.image();
        Region region = masked.padded(area.padding(), picture).inProportion(width, height, picture);
        return new CloseUp(inpaint, mask, region, width, height);
    }

    /**
     * A picture that steers, cut and resized as the picture itself, as diffusers does.
     *
     * @throws IllegalArgumentException if it is of another size than that
     */
    Image control(Image control) {
        Image picture = inpaint.image();
        if (control.width() != picture.width() || control.height() != picture.height()) {
            throw new IllegalArgumentException(
                    "control: expected a picture of %d x %d pixels as the one that is painted in, found %d x %d"
                            .formatted(picture.width(), picture.height(), control.width(), control.height()));
        }
        return enlarged(control);
    }

    private Image enlarged(Image picture) {
        return PictureFit.FILL.fit(region.cut(picture), width, height);
    }

    /**
     * What is painted: the part alone.
     *
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if the Java heap cannot hold it; nothing has been allocated then
     */
    Inpaint painted() {
        MachineMemory.requireCanvas(width, height, inpaint.text().batch());
        Image soft = PictureFit.FILL.fit(mask.cut(region).toGray(), width, height);
        MaskedContent content = inpaint.use().content();
        return new Inpaint(
                inpaint.text(),
                content.begun(enlarged(inpaint.image()), SoftMask.ofGray(soft)),
                soft,
                inpaint.strength(),
                MaskUse.DEFAULT.with(content));
    }

    /** The whole picture, of what the decoder gives of the part. The mask's edge is as soft as its blur is, as in the web UI and diffusers. */
    Image finished(Image decoded) {
        Image part = PictureFit.CROP.fit(decoded, region.width(), region.height());
        Image original = inpaint.image();
        return region.replaced(original, mask.cut(region).compose(part, region.cut(original)));
    }
}
