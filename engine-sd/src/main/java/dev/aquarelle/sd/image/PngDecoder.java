package dev.aquarelle.sd.image;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Reads 8-bit RGB, checking before it allocates. */
final class PngDecoder {
    /** Deflate cannot make more of a byte than this (RFC 1951: 258 bytes in two bits). */
    static final long LARGEST_RATIO = 1032;

    private static final PngFilter[] FILTERS = PngFilter.values();

    private PngDecoder() {}

    static Image pixels(PngChunks png) throws ImageFileException {
        ByteBuffer header = png.header();
        long width = Integer.toUnsignedLong(header.getInt());
        long height = Integer.toUnsignedLong(header.getInt());
        int depth = header.get();
        int colourType = header.get();
        int compression = header.get();
        int filterMethod = header.get();
        int interlace = header.get();
        if (depth != 8 || colourType != 2 || interlace != 0) {
            throw new ImageFileException(
                    "%s: expected 8-bit RGB without interlacing, found bit depth %d, colour type %d, interlacing %d"
                            .formatted(png.file(), depth, colourType, interlace));
        }
        if (compression != 0 || filterMethod != 0) {
            throw new ImageFileException(
                    "%s: expected compression and filter method 0, of which there is but one, found %d and %d"
                            .formatted(png.file(), compression, filterMethod));
        }
        List<ByteBuffer> parts = png.chunks().stream()
                .filter(c -> c.type().equals("IDAT"))
                .map(c -> c.data().duplicate())
                .toList();
        long compressed = parts.stream().mapToLong(ByteBuffer::remaining).sum();
        long bytes = Math.multiplyHigh(height, 3 * width + 1) == 0 ? height * (3 * width + 1) : Long.MAX_VALUE;
        if (width == 0
                || height == 0
                || bytes < 0
                || bytes > Integer.MAX_VALUE - 8
                || bytes > compressed * LARGEST_RATIO) {
            throw new ImageFileException("%s: %d x %d pixels cannot be in %d bytes of data"
                    .formatted(png.file(), width, height, compressed));
        }
        byte[] filtered = inflate(png.file(), parts, (int) bytes);
        return Image.of((int) width, (int) height, unfilter(png.file(), filtered, (int) height, (int) (3 * width)));
    }

    private static byte[] inflate(String file, List<ByteBuffer> parts, int bytes) throws ImageFileException {
        byte[] filtered = new byte[bytes];
        int done = 0;
        try (Inflater inflater = new Inflater()) {
            for (ByteBuffer part : parts) {
                inflater.setInput(part);
                while (done < bytes && !inflater.needsInput() && !inflater.finished()) {
                    int more = inflater.inflate(filtered, done, bytes - done);
                    if (more == 0 && inflater.needsDictionary()) {
                        throw new ImageFileException(file + ": its data ask for a dictionary, which PNG does not have");
                    }
                    done += more;
                }
            }
        } catch (DataFormatException e) {
            throw new ImageFileException("%s: broken data after %d bytes (%s)".formatted(file, done, e.getMessage()));
        }
        if (done < bytes) {
            throw new ImageFileException("%s: its data end after %d of %d bytes".formatted(file, done, bytes));
        }
        return filtered;
    }

    private static byte[] unfilter(String file, byte[] filtered, int height, int stride) throws ImageFileException {
        byte[] pixels = new byte[height * stride];
        for (int y = 0; y < height; y++) {
            int filter = filtered[y * (stride + 1)];
            if (filter < 0 || filter >= FILTERS.length) {
                throw new ImageFileException("%s: row %d has filter %d, there are 0 to 4".formatted(file, y, filter));
            }
            FILTERS[filter].undo(filtered, y * (stride + 1) + 1, pixels, y, stride);
        }
        return pixels;
    }
}
