package dev.aquarelle.cli;

import dev.aquarelle.sd.image.Png;
import dev.aquarelle.sd.pipeline.GeneratedImage;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where pictures go.
 *
 * @param folder that they are written to
 * @param name of the file if the user gave one; with several pictures the seed is put behind it
 * @param prompt that files are named after otherwise
 * @param several whether there is more than one picture
 * @param force whether files that are there may be replaced; otherwise a named file is refused, and other names are counted up
 */
record PictureFiles(Path folder, @Nullable String name, String prompt, boolean several, boolean force) {

    /**
     * Looks at what the user wants before anything is computed.
     *
     * @throws IllegalArgumentException if it is neither a folder nor the name of a PNG file in one
     * @throws FileAlreadyExistsException if the file is there and may not be replaced
     * @throws IOException if the folder cannot be made
     */
    static PictureFiles of(@Nullable Path out, String prompt, int pictures, boolean force) throws IOException {
        if (out == null) {
            return new PictureFiles(Path.of(""), null, prompt, pictures > 1, force);
        }
        boolean isPng = out.toString().toLowerCase(Locale.ROOT).endsWith(".png");
        if (Files.isDirectory(out) || !isPng && out.getFileName().toString().indexOf('.') <= 0) {
            Files.createDirectories(out);
            return new PictureFiles(out, null, prompt, pictures > 1, force);
        }
        if (!isPng) {
            throw new IllegalArgumentException("--out: expected a folder or a name ending in .png, found " + out);
        }
        if (Files.exists(out) && pictures == 1 && !force) {
            throw new FileAlreadyExistsException(out.toString());
        }
        Files.createDirectories(out.toAbsolutePath().getParent());
        return new PictureFiles(out.resolveSibling(""), out.getFileName().toString(), prompt, pictures > 1, force);
    }

    /** Writes a picture and says where. */
    Path save(GeneratedImage picture) throws IOException {
        Path wanted = folder.resolve(name != null ? name : FileNames.of(prompt, picture.seed()));
        if (name != null && several) {
            wanted = FileNames.withSuffix(wanted, "-" + picture.seed());
        }
        if (force) {
            Png.write(wanted, picture.image(), picture.parameters(), Png.IfExists.REPLACE);
            return wanted;
        }
        while (true) {
            Path free = name != null && !several ? wanted : FileNames.free(wanted);
            try {
                picture.save(free);
                return free;
            } catch (FileAlreadyExistsException e) {
                if (free.equals(wanted) && name != null && !several) {
                    throw e; // it appeared while the picture was made
                }
            }
        }
    }
}
