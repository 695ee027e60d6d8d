package dev.aquarelle.sd.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SequencedMap;

/**
 * PNG files (W3C PNG, third edition) of 8-bit RGB with texts inside. The same picture and text give the same bytes on every machine. Files to
 * read are untrusted: lengths, checksums and sizes are checked before they are believed.
 */
public final class Png {
    /** The keyword under which {@link GenerationParameters} are stored. */
    public static final String PARAMETERS = "parameters";

    private static final long LARGEST_FILE = 1L << 29;

    /** What to do when there is a file of that name already. */
    public enum IfExists {
        /** Leave it and fail with {@link java.nio.file.FileAlreadyExistsException}. */
        FAIL,
        /** Put the new file in its place. */
        REPLACE
    }

    private Png() {}

    /** The bytes of a PNG file. */
    public static byte[] encode(Image image, GenerationParameters parameters) {
        return PngEncoder.encode(image, parameters.toText());
    }

    /**
     * Writes a PNG file, whole or not at all: a temporary file beside it takes its name at the end, and is removed if that fails or the
     * thread is interrupted.
     *
     * @throws java.nio.file.FileAlreadyExistsException if it is there already and may not be replaced
     * @throws IOException if it cannot be written
     */
    public static void write(Path file, Image image, GenerationParameters parameters, IfExists ifExists)
            throws IOException {
        AtomicFile.write(file, encode(image, parameters), ifExists);
    }

    /**
     * The same of a picture without parameters, such as a preview.
     *
     * @throws java.nio.file.FileAlreadyExistsException if it is there already and may not be replaced
     * @throws IOException if it cannot be written
     */
    public static void write(Path file, Image image, IfExists ifExists) throws IOException {
        AtomicFile.write(file, PngEncoder.encode(image, ""), ifExists);
    }

    /**
     * Reads a picture as it is written here; {@link ImageFile} reads others.
     *
     * @throws ImageFileException if the file is no whole, correct PNG of 8-bit RGB without interlacing
     * @throws IOException if it cannot be read
     */
    public static Image read(Path file) throws IOException {
        return PngDecoder.pixels(chunks(file));
    }

    /**
     * Whether a file begins as a PNG does.
     *
     * @throws IOException if it cannot be read
     */
    public static boolean isPng(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return PngChunks.begins(in.readNBytes(Long.BYTES));
        }
    }

    /**
     * The texts in a PNG of any pixel format, by keyword; of equal keywords the first.
     *
     * @throws ImageFileException if the file is no whole PNG, or a text is broken or longer than 4 MiB
     * @throws IOException if it cannot be read
     */
    public static SequencedMap<String, String> readTexts(Path file) throws IOException {
        return PngTexts.read(chunks(file));
    }

    private static PngChunks chunks(Path file) throws IOException {
        return PngChunks.parse(file.toString(), bytes(file));
    }

    /** The bytes of a file that may be a picture. */
    static byte[] bytes(Path file) throws IOException {
        long size = Files.size(file);
        if (size > LARGEST_FILE) {
            throw new ImageFileException(file + ": expected at most " + LARGEST_FILE + " bytes, found " + size);
        }
        return Files.readAllBytes(file);
    }
}
