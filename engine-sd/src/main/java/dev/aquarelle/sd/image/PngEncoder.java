package dev.aquarelle.sd.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** Writes 8-bit RGB; each row with the filter that leaves the smallest sum of absolute differences. */
final class PngEncoder {
    private static final PngFilter[] FILTERS = PngFilter.values();

    private PngEncoder() {}

    static byte[] encode(Image image, String parameters) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PngChunks.writeSignature(out);
        PngChunks.write(
                out,
                "IHDR",
                ByteBuffer.allocate(13)
                        .putInt(image.width())
                        .putInt(image.height())
                        .put((byte) 8)
                        .put((byte) 2)
                        .array()); // 8 bits, RGB; deflate, adaptive filters, no interlacing are 0
        if (!parameters.isEmpty()) {
            PngTexts.write(out, Png.PARAMETERS, parameters);
        }
        PngChunks.write(out, "IDAT", Deflate.zlib(filter(image)));
        PngChunks.write(out, "IEND", new byte[0]);
        return out.toByteArray();
    }

    private static byte[] filter(Image image) {
        int stride = 3 * image.width();
        byte[] filtered = new byte[Math.multiplyExact(image.height(), stride + 1)];
        byte[] row = new byte[stride];
        for (int y = 0; y < image.height(); y++) {
            long smallest = Long.MAX_VALUE;
            for (int filter = 0; filter < FILTERS.length; filter++) {
                long sum = FILTERS[filter].apply(image.bytes(), y, stride, row);
                if (sum < smallest) {
                    smallest = sum;
                    filtered[y * (stride + 1)] = (byte) filter;
                    System.arraycopy(row, 0, filtered, y * (stride + 1) + 1, stride);
                }
            }
        }
        return filtered;
    }
}
