package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;

/**
 * A picture made into another one (SDEdit, arXiv:2108.01073): noise is added to it, and taken away again under a prompt.
 *
 * <pre>{@code
 * new ImageToImage(TextToImage.of("a green apple"), apple, 0.6)
 * }</pre>
 *
 * @param text prompt and settings; of the steps only the part {@code strength} is made
 * @param image of the request's size, or one that says nothing of size
 * @param strength how much becomes new: above 0, to 1 for next to everything
 */
public record ImageToImage(TextToImage text, Image image, double strength) implements PictureRequest {
    /**
     * @throws IllegalArgumentException if the strength is not above 0 and at most 1, or no step is left of it
     */
    public ImageToImage {
        requireStrength(strength);
    }

    static void requireStrength(double strength) {
        if (!(strength > 0 && strength <= 1)) {
            throw new IllegalArgumentException("strength: expected a number above 0, at most 1, found " + strength);
        }
    }
}
