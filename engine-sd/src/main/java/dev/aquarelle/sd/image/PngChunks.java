package dev.aquarelle.sd.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * The parts of a PNG file: a signature, then chunks of a length, a type, data and a checksum.
 *
 * @param file its name, for messages
 * @param chunks from {@code IHDR} to {@code IEND}, checksums correct
 */
record PngChunks(String file, List<Chunk> chunks) {
    /** The first eight bytes of every PNG. */
    private static final long SIGNATURE = 0x89504E470D0A1A0AL;

    /** Bytes of the first chunk's data. */
    static final int HEADER = 13;

    /** Length, type and checksum. */
    private static final int FRAME = 12;

    /**
     * @param type four letters
     * @param data a view of the file
     */
    record Chunk(String type, ByteBuffer data) {}

    /** Whether a file says that it is one. */
    static boolean begins(byte[] bytes) {
        return bytes.length >= Long.BYTES && ByteBuffer.wrap(bytes).getLong() == SIGNATURE;
    }

    static PngChunks parse(String file, byte[] bytes) throws ImageFileException {
        if (!begins(bytes)) {
            throw new ImageFileException(file + ": not a PNG file");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).position(Long.BYTES);
        List<Chunk> chunks = new ArrayList<>();
        do {
            chunks.add(next(file, in));
            if (chunks.size() == 1 && !chunks.getFirst().type.equals("IHDR")) {
                throw new ImageFileException(file + ": expected IHDR as first chunk, found " + chunks.getFirst().type);
            }
        } while (!chunks.getLast().type.equals("IEND"));
        return new PngChunks(file, chunks);
    }

    private static Chunk next(String file, ByteBuffer in) throws ImageFileException {
        int start = in.position();
        if (in.remaining() < FRAME) {
            throw new ImageFileException("%s: ends at byte %d without IEND".formatted(file, in.limit()));
        }
        int length = in.getInt();
        if (length < 0 || length > in.remaining() - 8) {
            throw new ImageFileException("%s: the chunk at byte %d says it has %s bytes, the file has %d more"
                    .formatted(file, start, Integer.toUnsignedString(length), in.remaining() - 8));
        }
        byte[] type = new byte[4];
        in.get(type);
        for (byte letter : type) {
            if (!Character.isLetter(letter)) {
                throw new ImageFileException(
                        "%s: the chunk at byte %d has no type of four letters".formatted(file, start));
            }
        }
        ByteBuffer data = in.slice(in.position(), length).asReadOnlyBuffer();
        in.position(in.position() + length);
        CRC32 crc = new CRC32();
        crc.update(in.slice(start + 4, 4 + length));
        String name = new String(type, StandardCharsets.US_ASCII);
        if (in.getInt() != (int) crc.getValue()) {
            throw new ImageFileException("%s: wrong checksum in chunk %s at byte %d".formatted(file, name, start));
        }
        return new Chunk(name, data);
    }

    /** The header's data; its length is checked. */
    ByteBuffer header() throws ImageFileException {
        ByteBuffer data = chunks.getFirst().data.duplicate();
        if (data.remaining() != HEADER) {
            throw new ImageFileException(
                    "%s: expected IHDR of %d bytes, found %d".formatted(file, HEADER, data.remaining()));
        }
        return data;
    }

    /** The Exif data, empty if there are none. */
    ByteBuffer exif() {
        return chunks.stream()
                .filter(chunk -> chunk.type.equals("eXIf"))
                .findFirst()
                .map(chunk -> chunk.data.duplicate())
                .orElse(ByteBuffer.allocate(0));
    }

    /** Appends a chunk to a file in the making. */
    static void write(ByteArrayOutputStream out, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        out.writeBytes(name);
        out.writeBytes(data);
        out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }

    /** The beginning of a file in the making. */
    static void writeSignature(ByteArrayOutputStream out) {
        out.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(SIGNATURE).array());
    }
}
