package dev.aquarelle.sd.image;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Picture files to start from: PNG of every kind, JPEG, BMP, GIF and TIFF. PNGs of 8-bit RGB, which {@link Png} writes, are read by it; what the
 * others' bytes mean is left to the Java platform's {@code javax.imageio}. As diffusers' {@code load_image}: turned as the file's Exif data
 * say, of transparent pixels the color, of 16 bits the upper eight, of several pictures the first; color profiles are not applied.
 */
public final class ImageFile {
    /** More bytes of pixels than any of the formats makes of a byte: a palette's 24 bits of one bit, deflated. */
    private static final long LARGEST_RATIO = 24 * PngDecoder.LARGEST_RATIO;

    private static final int COLORS = 3;
    private static final int INKS = 4;
    private static final int RGB_TYPE = 2;

    private ImageFile() {}

    /**
     * Reads a picture.
     *
     * @throws ImageFileException if the file is broken, or no picture of a kind that is read
     * @throws IOException if it cannot be read
     */
    public static Image read(Path file) throws IOException {
        byte[] bytes = Png.bytes(file);
        if (!PngChunks.begins(bytes)) {
            return Orientation.of(Exif.in(bytes)).turned(decoded(file.toString(), bytes));
        }
        PngChunks png = PngChunks.parse(file.toString(), bytes); // whole, with the right checksums
        Image image = isPlain(png) ? PngDecoder.pixels(png) : decoded(file.toString(), bytes);
        return Orientation.of(png.exif()).turned(image);
    }

    private static boolean isPlain(PngChunks png) throws ImageFileException {
        byte[] header = new byte[PngChunks.HEADER];
        png.header().get(header);
        return header[8] == Byte.SIZE && header[9] == RGB_TYPE && header[12] == 0;
    }

    private static Image decoded(String file, byte[] bytes) throws IOException {
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new ImageFileException(
                        "%s: expected a picture (PNG, JPEG, BMP, GIF or TIFF), found %s".formatted(file, kind(bytes)));
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                return decoded(file, reader, bytes.length);
            } finally {
                reader.dispose();
            }
        }
    }

    private static String kind(byte[] bytes) {
        String start = new String(bytes, 0, Math.min(bytes.length, 12), StandardCharsets.ISO_8859_1);
        if (start.startsWith("RIFF") && start.endsWith("WEBP")) {
            return "a WebP picture";
        }
        if (start.startsWith("ftypavif", 4)) {
            return "an AVIF picture";
        }
        if (start.startsWith("ftyphei", 4)) {
            return "a HEIC picture";
        }
        return bytes.length == 0 ? "an empty file" : "something else";
    }

    private static Image decoded(String file, ImageReader reader, long fileBytes) throws IOException {
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((_, warning) -> warnings.add(warning));
        BufferedImage picture;
        try {
            long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
            if (COLORS * pixels > Math.min(Integer.MAX_VALUE - 8, fileBytes * LARGEST_RATIO)) {
                throw new ImageFileException("%s: %d x %d pixels cannot be in a file of %d bytes"
                        .formatted(file, reader.getWidth(0), reader.getHeight(0), fileBytes));
            }
            picture = reader.read(0);
        } catch (ImageFileException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // the readers throw whatever broken files lead them to
            String why = String.valueOf(e.getMessage());
            throw new ImageFileException("%s: cannot be read (%s)".formatted(file, why), e);
        }
        for (String warning : warnings) {
            if (warning.contains("Truncated") || warning.contains("Premature end")) { // the rest would be gray
                throw new ImageFileException("%s: ends too soon (%s)".formatted(file, warning));
            }
        }
        return Image.of(picture.getWidth(), picture.getHeight(), rgb(file, picture));
    }

    /** The numbers as they are stored: {@code getRGB} would convert gray and profiles. */
    private static byte[] rgb(String file, BufferedImage picture) throws ImageFileException {
        ColorModel colors = picture.getColorModel();
        Raster raster = picture.getRaster();
        if (raster.getTransferType() != DataBuffer.TYPE_BYTE
                && raster.getTransferType() != DataBuffer.TYPE_USHORT
                && raster.getTransferType() != DataBuffer.TYPE_INT) {
            throw new ImageFileException(file + ": expected numbers of 1 to 16 bits, found others");
        }
        int components = colors.getNumColorComponents();
        if (components != 1
                && components != COLORS
                && (components != INKS || colors.getComponentSize(0) != Byte.SIZE)) {
            throw new ImageFileException("%s: expected gray, RGB or CMYK, found %d colors".formatted(file, components));
        }
        int width = picture.getWidth();
        byte[] rgb = new byte[COLORS * width * picture.getHeight()];
        int[] row = new int[width * raster.getNumBands()];
        int at = 0;
        for (int y = 0; y < picture.getHeight(); y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int x = 0; x < width; x++) {
                int first = x * raster.getNumBands();
                for (int color = 0; color < COLORS; color++) {
                    rgb[at++] = (byte)
                            (colors instanceof IndexColorModel palette
                                    ? palette.getRGB(row[first]) >> 8 * (2 - color)
                                    : eightBits(row, first, color, colors));
                }
            }
        }
        return rgb;
    }

    /** A color of a pixel; of gray, with or without alpha, the gray; of cyan, magenta, yellow and black what Pillow makes of them. */
    private static int eightBits(int[] row, int first, int color, ColorModel colors) {
        return switch (colors.getNumColorComponents()) {
            case 1 -> eightBits(row[first], colors.getComponentSize(0));
            case COLORS -> eightBits(row[first + color], colors.getComponentSize(color));
            default -> {
                int paper = 255 - row[first + INKS - 1];
                int ink = row[first + color] * paper + 128;
                yield paper - ((ink >> 8) + ink >> 8);
            }
        };
    }

    private static int eightBits(int value, int bits) {
        return bits > Byte.SIZE ? value >> bits - Byte.SIZE : value * 255 / ((1 << bits) - 1);
    }
}
