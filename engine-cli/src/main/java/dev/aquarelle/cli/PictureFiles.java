package dev.aquarelle.cli;

import dev.aquarelle.sd.image.Png;
import dev.aquarelle.sd.pipeline.GeneratedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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

    /** How often a free name is looked for: others may write pictures of the same prompt, but not so many at the same time. */
    private static final int MOST_TRIES = 100;

    /** What file systems commonly take. */
    static final int LONGEST_NAME = 255;

    private static final String NO_FOLDER = "expected a folder to write to, found something else";

    /**
     * Looks at what the user wants before anything is computed, and writes nothing.
     *
     * @throws IllegalArgumentException if it is neither a folder nor the name of a PNG file in one
     * @throws FileAlreadyExistsException if the file is there and may not be replaced
     * @throws IOException if the folder cannot be made or written to
     */
    static PictureFiles of(@Nullable Path out, String prompt, int pictures, boolean force) throws IOException {
        PictureFiles files = named(out, prompt, pictures > 1, force);
        requireWritable(files.folder.toAbsolutePath().normalize());
        return files;
    }

    private static PictureFiles named(@Nullable Path out, String prompt, boolean several, boolean force)
            throws IOException {
        if (out == null) {
            return new PictureFiles(Path.of(""), null, prompt, several, force);
        }
        Path last = out.getFileName();
        String name = last == null ? "" : last.toString();
        boolean isPng = name.toLowerCase(Locale.ROOT).endsWith(".png");
        if (Files.isDirectory(out) || !isPng && name.indexOf('.') <= 0) {
            return new PictureFiles(out, null, prompt, several, force);
        }
        if (!isPng) {
            throw new IllegalArgumentException("--out: expected a folder or a name ending in .png, found " + out);
        }
        if (name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
            throw new IllegalArgumentException(
                    "--out: expected a name of at most %d bytes, found %s".formatted(LONGEST_NAME, name));
        }
        if (Files.exists(out, LinkOption.NOFOLLOW_LINKS) && !several && !force) {
            throw new FileAlreadyExistsException(out.toString());
        }
        return new PictureFiles(out.resolveSibling(""), name, prompt, several, force);
    }

    /** The folder, or the one that it will be made in. */
    private static void requireWritable(Path folder) throws IOException {
        Path there = folder;
        while (!Files.exists(there, LinkOption.NOFOLLOW_LINKS) && there.getParent() != null) {
            there = there.getParent();
        }
        if (!Files.isDirectory(there)) {
            throw new FileSystemException(there.toString(), null, NO_FOLDER);
        }
        if (!Files.isWritable(there)) {
            throw new FileSystemException(there.toString(), null, "the folder cannot be written to");
        }
    }

    /** Makes the folder if it is not there. */
    void createFolder() throws IOException {
        try {
            Files.createDirectories(folder.toAbsolutePath());
        } catch (FileAlreadyExistsException e) { // which nothing may replace
            throw new FileSystemException(e.getFile(), null, NO_FOLDER);
        }
    }

    /**
     * Where a picture will be, if nobody takes the name while it is made.
     *
     * @param variation the seed of its variation, if it is one
     */
    Path expected(long seed, @Nullable String variation) {
        Path wanted = wanted(seed, variation);
        return force || name != null && !several ? wanted : FileNames.free(wanted);
    }

    private Path wanted(long seed, @Nullable String variation) {
        Path wanted = folder.resolve(name != null ? name : FileNames.of(prompt, seed));
        if (name != null && several) {
            wanted = FileNames.withSuffix(wanted, "-" + seed);
        }
        return variation != null && (name == null || several) // all of them have the same seed
                ? FileNames.withSuffix(wanted, "-v" + variation)
                : wanted;
    }

    /** Writes a picture and says where. */
    Path save(GeneratedImage picture) throws IOException {
        Path wanted = wanted(picture.seed(), picture.parameters().values().get("Variation seed"));
        if (force) {
            write(picture, wanted, Png.IfExists.REPLACE);
            return wanted;
        }
        if (name != null && !several) {
            write(picture, wanted, Png.IfExists.FAIL); // which it does if the file appeared while the picture was made
            return wanted;
        }
        for (int tries = 1; ; tries++) {
            Path free = FileNames.free(wanted);
            try {
                write(picture, free, Png.IfExists.FAIL);
                return free;
            } catch (FileAlreadyExistsException e) { // taken in the meantime
                if (tries == MOST_TRIES) {
                    throw e;
                }
            }
        }
    }

    private static void write(GeneratedImage picture, Path file, Png.IfExists ifExists) throws IOException {
        try {
            Png.write(file, picture.image(), picture.parameters(), ifExists);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException e) {
            throw Failures.notWritten(file, e);
        }
    }
}
