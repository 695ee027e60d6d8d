package dev.aquarelle.sd.prompt;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import dev.aquarelle.sd.ModelException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Reads vocabularies: {@code vocab.json} and {@code merges.txt}, which are not trusted. */
final class VocabularyReader {
    private static final int LONGEST_REASON = 120;
    private static final long MAX_BYTES = 64 << 20; // CLIP's vocabulary takes 1 MB, its tokenizer.json 2 to 4
    static final int MAX_ID = 1 << 24;

    private VocabularyReader() {}

    /**
     * Reads {@code {"token": id, ...}} and the pairs {@code left right}, a line each in the order they were learned.
     *
     * @throws ModelException if a file is missing or broken; the message names it, the line or the token, what was expected and found
     */
    static Vocabulary read(Path vocabJson, Path mergesTxt) {
        Map<String, Integer> ids = readTokens(vocabJson);
        return new Vocabulary(ids, readMerges(mergesTxt, ids));
    }

    /** A file that is one object of tokens and ids. */
    static Map<String, Integer> readTokens(Path file) {
        return readJson(file, reader -> {
            Map<String, Integer> tokens = readTokens(file, reader);
            requireEnd(reader);
            return tokens;
        });
    }

    /** What is done with an open file. */
    interface Body<T> {
        T read(JsonReader reader) throws IOException;
    }

    /** Opens a JSON file for streaming and turns what may go wrong into a {@link ModelException}. */
    static <T> T readJson(Path file, Body<T> body) {
        try {
            checkSize(file);
            try (JsonReader reader = new JsonReader(Files.newBufferedReader(file))) {
                reader.setStrictness(Strictness.STRICT);
                return body.read(reader);
            }
        } catch (MalformedJsonException
                | EOFException
                | IllegalStateException
                | NumberFormatException e) { // how the parser says no
            throw new ModelException("%s: not the JSON that was expected (%s)".formatted(file, reason(e)), e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** A file holds one value: the strict parser throws on anything behind it. */
    static void requireEnd(JsonReader reader) throws IOException {
        if (reader.peek() != JsonToken.END_DOCUMENT) {
            throw new MalformedJsonException("more than one value, the second at " + reader.getPath());
        }
    }

    /** A JSON object of tokens and ids, at which the reader stands. */
    static Map<String, Integer> readTokens(Path file, JsonReader reader) throws IOException {
        Map<String, Integer> ids = HashMap.newHashMap(50_000);
        reader.beginObject();
        while (reader.hasNext()) {
            String token = reader.nextName();
            JsonToken kind = reader.peek();
            int id = kind == JsonToken.NUMBER ? reader.nextInt() : -1;
            if (id < 0 || id > MAX_ID) {
                throw new ModelException("%s: token '%s': expected an id from 0 to %d, found %s"
                        .formatted(file, token, MAX_ID, kind == JsonToken.NUMBER ? id : kind));
            }
            if (ids.put(token, id) != null) {
                throw new ModelException("%s: token '%s' is there twice".formatted(file, token));
            }
        }
        reader.endObject();
        return ids;
    }

    private static MergeTable readMerges(Path file, Map<String, Integer> ids) {
        byte[] text;
        try {
            checkSize(file);
            text = Files.readAllBytes(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        MergeTable merges = new MergeTable(lines(text));
        int number = 0;
        for (int from = 0; from < text.length; ) {
            int blank = -1;
            int blanks = 0;
            int newline = from;
            while (newline < text.length && text[newline] != '\n') {
                if (text[newline] == ' ') {
                    blank = newline;
                    blanks++;
                }
                newline++;
            }
            int end = newline > from && text[newline - 1] == '\r' ? newline - 1 : newline;
            number++;
            if (end > from && !(number == 1 && text(text, from, end).startsWith("#version"))) {
                if (blanks != 1 || blank == from || blank == end - 1) {
                    throw new ModelException("%s: line %d: expected two tokens with a blank between them, found '%s'"
                            .formatted(file, number, shortened(text(text, from, end))));
                }
                int line = number;
                addMerge(
                        merges,
                        ids,
                        text(text, from, blank),
                        text(text, blank + 1, end),
                        () -> file + ": line " + line);
            }
            from = newline + 1;
        }
        requireSome(merges, file::toString);
        return merges;
    }

    /** Bytes that are no UTF-8 become U+FFFD, of which no token has any. */
    private static String text(byte[] text, int from, int end) {
        return new String(text, from, end - from, StandardCharsets.UTF_8);
    }

    private static int lines(byte[] text) {
        int lines = 1;
        for (byte b : text) {
            if (b == '\n') {
                lines++;
            }
        }
        return lines;
    }

    /**
     * Adds the pair of two tokens.
     *
     * @throws ModelException if one of them, or what they become, is no token; the message begins with {@code where}
     */
    static void addMerge(
            MergeTable merges, Map<String, Integer> ids, String left, String right, Supplier<String> where) {
        merges.add(known(ids, left, where), known(ids, right, where), known(ids, left.concat(right), where));
    }

    /**
     * Refuses a table of no pairs: every word would be its letters, and any prompt another picture than it asks for.
     *
     * @throws ModelException whose message begins with {@code where}
     */
    static void requireSome(MergeTable merges, Supplier<String> where) {
        if (merges.size() == 0) {
            throw new ModelException("%s: expected pairs of tokens, found none".formatted(where.get()));
        }
    }

    private static int known(Map<String, Integer> ids, String token, Supplier<String> where) {
        Integer id = ids.get(token);
        if (id == null) {
            throw new ModelException("%s: '%s' is no token of the vocabulary".formatted(where.get(), shortened(token)));
        }
        return id;
    }

    private static void checkSize(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MAX_BYTES) {
            throw new ModelException("%s: expected at most %d bytes, found %d".formatted(file, MAX_BYTES, size));
        }
    }

    private static ModelException unreadable(Path file, IOException e) {
        String reason = switch (e) {
            case NoSuchFileException _ -> "the file is missing";
            case CharacterCodingException _ -> "the file is not UTF-8 text";
            default -> "cannot be read (%s)".formatted(e.getMessage());
        };
        return new ModelException("%s: %s".formatted(file, reason), e);
    }

    /** The parser's message, which tells line and column, without its advice on the second line and to be lenient. */
    private static String reason(Exception e) {
        String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        String plain = message.replace(
                "Use JsonReader.setStrictness(Strictness.LENIENT) to accept malformed JSON", "malformed");
        int path = plain.indexOf(" path "); // as long as the nesting is deep
        return plain.length() <= LONGEST_REASON || path < 0 ? plain : plain.substring(0, path);
    }

    private static String shortened(String text) {
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }
}
