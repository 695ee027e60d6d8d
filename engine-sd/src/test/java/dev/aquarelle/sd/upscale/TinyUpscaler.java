package dev.aquarelle.sd.upscale;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Path;

/** A network of two times in a file. */
public final class TinyUpscaler {
    private static final int CHANNELS = 12; // of squares of four pixels
    private static final int DOUBLINGS = 2;

    private TinyUpscaler() {}

    /** Writes it, and gives the file. */
    public static Path write(Path file) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        TinyRrdb.tensors(CHANNELS, DOUBLINGS).forEach(writer::add);
        writer.write(file);
        return file;
    }
}
