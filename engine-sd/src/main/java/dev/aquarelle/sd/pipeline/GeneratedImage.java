package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A picture and how it was made.
 *
 * @param image the picture
 * @param parameters all that it takes to make it again, as the text in its PNG
 * @param seed what its noise was drawn from
 */
public record GeneratedImage(Image image, GenerationParameters parameters, long seed) {

    /**
     * Writes a PNG with the parameters in it, whole or not at all.
     *
     * @throws java.nio.file.FileAlreadyExistsException if there is a file already
     * @throws IOException if it cannot be written
     */
    public void save(Path file) throws IOException {
        Png.write(file, image, parameters, Png.IfExists.FAIL);
    }
}
