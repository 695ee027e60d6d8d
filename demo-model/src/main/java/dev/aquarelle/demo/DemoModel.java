package dev.aquarelle.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Objects;
import java.util.jar.JarFile;

/**
 * Where the bundled model is: a folder in the layout of diffusers, for whoever loads models. Weights are mapped into memory, so they need to be
 * files: a model inside of a jar is unpacked once into the user's cache folder.
 */
public final class DemoModel {
    /** A system property that names a folder holding the model, which then is taken as it is. */
    public static final String FOLDER_PROPERTY = "aquarelle.demoModel";

    private DemoModel() {}

    /**
     * The folder of the model.
     *
     * @throws UncheckedIOException if it has to be unpacked and cannot be; the message says where to
     */
    public static Path path() {
        String folder = System.getProperty(FOLDER_PROPERTY);
        return folder == null ? unpacked("model") : Path.of(folder);
    }

    /**
     * The folder of pictures made by the reference implementation with this model: {@code NAME.json} says how, {@code NAME.png} is the picture,
     * {@code NAME.safetensors} has the noise it began with, the latents after each step and the picture as floats.
     *
     * @throws UncheckedIOException if it has to be unpacked and cannot be; the message says where to
     */
    public static Path referencePictures() {
        return unpacked("reference");
    }

    private static Path unpacked(String folder) {
        URL card = Objects.requireNonNull(
                DemoModel.class.getResource("MODEL_CARD.md"), "the demo model is not in its jar");
        try {
            if (card.getProtocol().equals("file")) { // the source tree's, or a build's copy of it
                return Path.of(card.toURI()).resolveSibling(folder);
            }
            if (!(card.openConnection() instanceof JarURLConnection connection)) {
                throw new IOException("expected it in a folder or a jar, found " + card);
            }
            connection.setUseCaches(false);
            try (JarFile jar = connection.getJarFile()) {
                String name = connection.getEntryName();
                String prefix = name.substring(0, name.lastIndexOf('/') + 1) + folder + "/";
                return new UnpackedFolder(jar, prefix).in(CacheFolder.ofUser());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the demo model cannot be unpacked: " + e.getMessage(), e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
