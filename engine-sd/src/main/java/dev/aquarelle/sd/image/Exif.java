package dev.aquarelle.sd.image;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The Exif data of a file that is no PNG: a segment of a JPEG before the picture's data (Exif 2.32, 4.5.2), or a whole TIFF file. */
final class Exif {
    private static final byte[] NAME = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
    private static final int START_OF_IMAGE = 0xFFD8;
    private static final int START_OF_SCAN = 0xFFDA;
    private static final int APP1 = 0xFFE1;

    private Exif() {}

    /** A TIFF block, or something else. */
    static ByteBuffer in(byte[] bytes) {
        ByteBuffer file = ByteBuffer.wrap(bytes);
        if (bytes.length < Short.BYTES || Short.toUnsignedInt(file.getShort()) != START_OF_IMAGE) {
            return ByteBuffer.wrap(bytes);
        }
        while (file.remaining() > 2 * Short.BYTES) {
            int marker = Short.toUnsignedInt(file.getShort());
            int length = Short.toUnsignedInt(file.getShort()) - Short.BYTES; // which counts itself
            if (marker == START_OF_SCAN || length < 0 || length > file.remaining()) {
                break;
            }
            byte[] segment = new byte[length];
            file.get(segment);
            if (marker == APP1
                    && length > NAME.length
                    && Arrays.equals(segment, 0, NAME.length, NAME, 0, NAME.length)) {
                return ByteBuffer.wrap(segment, NAME.length, length - NAME.length)
                        .slice();
            }
        }
        return ByteBuffer.allocate(0);
    }
}
