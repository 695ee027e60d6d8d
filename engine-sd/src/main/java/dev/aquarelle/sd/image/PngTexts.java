package dev.aquarelle.sd.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Texts in PNG files: {@code tEXt} is Latin-1, {@code zTXt} the same compressed, {@code iTXt} UTF-8, compressed or not. */
final class PngTexts {
    private static final int LONGEST_TEXT = 1 << 22;

    private PngTexts() {}

    /** Appends a text: as {@code tEXt} if it is all Latin-1, else as {@code iTXt}, as Pillow and so the web UI does. */
    static void write(ByteArrayOutputStream out, String keyword, String text) {
        boolean latin1 = StandardCharsets.ISO_8859_1.newEncoder().canEncode(text);
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        data.writeBytes(keyword.getBytes(StandardCharsets.ISO_8859_1));
        data.write(0);
        if (!latin1) {
            data.writeBytes(new byte[4]); // not compressed, no language, no translated keyword
        }
        data.writeBytes(text.getBytes(latin1 ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8));
        PngChunks.write(out, latin1 ? "tEXt" : "iTXt", data.toByteArray());
    }

    static SequencedMap<String, String> read(PngChunks png) throws ImageFileException {
        SequencedMap<String, String> texts = new LinkedHashMap<>();
        for (PngChunks.Chunk chunk : png.chunks()) {
            ByteBuffer data = chunk.data().duplicate();
            String where = png.file() + ": " + chunk.type();
            switch (chunk.type()) {
                case "tEXt" -> {
                    String keyword = upToZero(data, where);
                    texts.putIfAbsent(keyword, decode(data, StandardCharsets.ISO_8859_1, where));
                }
                case "zTXt" -> {
                    String keyword = upToZero(data, where);
                    requireDeflate(data, where);
                    texts.putIfAbsent(keyword, decode(inflate(data, where), StandardCharsets.ISO_8859_1, where));
                }
                case "iTXt" -> readInternational(data, where, texts);
                default -> {} // other chunks hold no text
            }
        }
        return texts;
    }

    private static void readInternational(ByteBuffer data, String where, SequencedMap<String, String> texts)
            throws ImageFileException {
        String keyword = upToZero(data, where);
        if (data.remaining() < 2) {
            throw new ImageFileException(where + ": ends within its flags");
        }
        boolean compressed = data.get() != 0;
        if (compressed) {
            requireDeflate(data, where);
        } else {
            data.get();
        }
        upToZero(data, where); // language
        upToZero(data, where); // keyword in that language
        texts.putIfAbsent(keyword, decode(compressed ? inflate(data, where) : data, StandardCharsets.UTF_8, where));
    }

    private static String upToZero(ByteBuffer data, String where) throws ImageFileException {
        ByteBuffer start = data.duplicate();
        while (data.hasRemaining()) {
            if (data.get() == 0) {
                return StandardCharsets.ISO_8859_1
                        .decode(start.limit(data.position() - 1))
                        .toString();
            }
        }
        throw new ImageFileException(where + ": a text without the zero that ends it");
    }

    private static void requireDeflate(ByteBuffer data, String where) throws ImageFileException {
        if (!data.hasRemaining() || data.get() != 0) {
            throw new ImageFileException(where + ": expected compression method 0");
        }
    }

    private static ByteBuffer inflate(ByteBuffer data, String where) throws ImageFileException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        try (Inflater inflater = new Inflater()) {
            inflater.setInput(data);
            while (!inflater.finished()) {
                int count = inflater.inflate(buffer);
                if (count == 0 && !inflater.finished()) {
                    throw new ImageFileException(where + ": a compressed text that does not end");
                }
                text.write(buffer, 0, count);
                if (text.size() > LONGEST_TEXT) {
                    throw new ImageFileException("%s: a text of more than %d bytes".formatted(where, LONGEST_TEXT));
                }
            }
        } catch (DataFormatException e) {
            throw new ImageFileException("%s: a broken compressed text (%s)".formatted(where, e.getMessage()));
        }
        return ByteBuffer.wrap(text.toByteArray());
    }

    private static String decode(ByteBuffer data, Charset charset, String where) throws ImageFileException {
        if (data.remaining() > LONGEST_TEXT) {
            throw new ImageFileException("%s: a text of more than %d bytes".formatted(where, LONGEST_TEXT));
        }
        try {
            return charset.newDecoder().decode(data).toString();
        } catch (CharacterCodingException e) {
            throw new ImageFileException("%s: a text that is not %s (%s)".formatted(where, charset, e.getMessage()));
        }
    }
}
