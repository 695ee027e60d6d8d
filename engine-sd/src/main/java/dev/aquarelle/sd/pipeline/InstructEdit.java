package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;

/**
 * A picture changed as the prompt tells (InstructPix2Pix, arXiv:2211.09800): "make it winter". For models made for it, with eight channels.
 *
 * @param text instruction and settings
 * @param image of the request's size, or one that says nothing of size
 * @param imageGuidanceScale how much of the picture is kept: 1 and more, 1.5 usually
 */
public record InstructEdit(TextToImage text, Image image, double imageGuidanceScale) implements PictureRequest {
    /**
     * @throws IllegalArgumentException if the scale is below 1 or not finite
     */
    public InstructEdit {
        var _ = new InstructGuidance(1, imageGuidanceScale);
    }
}
