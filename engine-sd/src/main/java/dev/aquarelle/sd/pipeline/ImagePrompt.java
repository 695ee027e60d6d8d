package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Image;
import java.nio.file.Path;
import java.util.List;

/**
 * Pictures as a prompt, by an IP-Adapter.
 *
 * @param adapter its safetensors file
 * @param imageEncoder the folder of the CLIP image encoder that it was made for
 * @param images that the result shall be like
 * @param scale how strongly they count beside the text: 1 as it was trained
 */
public record ImagePrompt(Path adapter, Path imageEncoder, List<Image> images, double scale) {

    /**
     * @throws IllegalArgumentException if there is no picture, or the scale is not finite
     */
    public ImagePrompt {
        images = List.copyOf(images);
        if (images.isEmpty()) {
            throw new IllegalArgumentException("image prompt: expected a picture, found none");
        }
        if (!Double.isFinite(scale)) {
            throw new IllegalArgumentException("image prompt: expected a finite scale, found " + scale);
        }
    }
}
