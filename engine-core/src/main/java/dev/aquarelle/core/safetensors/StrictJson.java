package dev.aquarelle.core.safetensors;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * JSON from an untrusted file, read strictly: UTF-8 without errors, RFC 8259 without extensions, one object that begins with the first
 * byte, no key twice, no half of a surrogate pair, no deep nesting, integers only where integers belong.
 */
final class StrictJson {
    private static final int NESTING_LIMIT = 64;
    private static final int LONGEST_QUOTE = 120;

    /** Axes of a tensor, at most; no model has more than six. */
    static final int MOST_INTEGERS = 8;

    /** What reads one member of an object; the reader stands before the member's value. */
    @FunctionalInterface
    interface Member {
        void read(String key) throws IOException;
    }

    /** What reads the members of the outermost object. */
    @FunctionalInterface
    interface Body {
        void read(StrictJson json, String key) throws IOException;
    }

    private final String file;
    private final JsonReader reader;

    private StrictJson(String file, JsonReader reader) {
        this.file = file;
        this.reader = reader;
    }

    /**
     * Reads one object and nothing behind it.
     *
     * @param file how messages call the file
     * @throws SafetensorsException if the bytes are anything else
     */
    static void readObject(byte[] utf8, String file, Body body) {
        if (utf8.length == 0 || utf8[0] != '{') {
            throw new SafetensorsException("%s: expected JSON that begins with '{', found %s"
                    .formatted(file, utf8.length == 0 ? "nothing" : "the byte 0x%02x".formatted(utf8[0])));
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
            JsonReader reader = new JsonReader(new StringReader(text));
            reader.setStrictness(Strictness.STRICT);
            reader.setNestingLimit(NESTING_LIMIT);
            StrictJson json = new StrictJson(file, reader);
            json.object(() -> "the outermost object", key -> body.read(json, key));
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw json.failure("expected nothing behind the JSON object, found " + reader.peek());
            }
        } catch (CharacterCodingException e) {
            throw new SafetensorsException("%s: expected JSON in UTF-8, found bytes that are not".formatted(file), e);
        } catch (IOException e) {
            throw new SafetensorsException("%s: expected JSON, found a fault%s".formatted(file, place(e)), e);
        }
    }

    /**
     * The members of an object, each key once.
     *
     * @param what how messages call it; here as in the other methods, asked for only if there is one
     */
    void object(Supplier<String> what, Member member) throws IOException {
        expect(JsonToken.BEGIN_OBJECT, what, "an object");
        Set<String> seen = new HashSet<>();
        reader.beginObject();
        while (reader.hasNext()) {
            String key = reader.nextName();
            if (!seen.add(key)) {
                throw failure("expected each key once, found %s twice in %s".formatted(quote(key), what.get()));
            }
            member.read(key);
        }
        reader.endObject();
    }

    /** {@link #object}, where {@code null} is as good as no members. */
    void objectOrNull(Supplier<String> what, Member member) throws IOException {
        if (reader.peek() == JsonToken.NULL) {
            reader.nextNull();
        } else {
            object(what, member);
        }
    }

    String string(Supplier<String> what) throws IOException {
        expect(JsonToken.STRING, what, "a string");
        return reader.nextString();
    }

    /** The integers of an array, {@link #MOST_INTEGERS} at most: decimal digits only, each below 2^63. */
    List<Long> naturals(Supplier<String> what) throws IOException {
        expect(JsonToken.BEGIN_ARRAY, what, "an array of integers");
        List<Long> values = new ArrayList<>();
        reader.beginArray();
        while (reader.hasNext()) {
            expect(JsonToken.NUMBER, what, "integers");
            if (values.size() == MOST_INTEGERS) {
                throw failure("%s: expected at most %d integers, found more".formatted(what.get(), MOST_INTEGERS));
            }
            values.add(natural(reader.nextString(), what));
        }
        reader.endArray();
        return values;
    }

    private long natural(String digits, Supplier<String> what) {
        if (!digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw failure("%s: expected integers not below 0, found %s".formatted(what.get(), quote(digits)));
        }
        if (digits.length() > 19 || digits.length() == 19 && digits.compareTo(Long.toString(Long.MAX_VALUE)) > 0) {
            throw failure("%s: expected integers below 2^63, found %s".formatted(what.get(), quote(digits)));
        }
        return Long.parseLong(digits);
    }

    /** Any value, checked as strictly and forgotten. */
    void skip(Supplier<String> what) throws IOException {
        switch (reader.peek()) {
            case BEGIN_OBJECT -> object(what, key -> skip(what));
            case BEGIN_ARRAY -> {
                reader.beginArray();
                while (reader.hasNext()) {
                    skip(what);
                }
                reader.endArray();
            }
            case STRING -> string(what);
            default -> reader.skipValue();
        }
    }

    /** An exception that begins with the file's name. */
    SafetensorsException failure(String message) {
        return new SafetensorsException(file + ": " + message);
    }

    /** The same for what another check found. */
    SafetensorsException failure(String message, RuntimeException cause) {
        return new SafetensorsException(file + ": " + message, cause);
    }

    /** A name from the file as it may stand in a message: quoted, not endless, nothing in it that is not seen or changes how the rest is. */
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder("'");
        text.codePoints().limit(LONGEST_QUOTE).forEach(c -> {
            if (isUnseen(c)) {
                quoted.append("\\u%04x".formatted(c));
            } else {
                quoted.appendCodePoint(c);
            }
        });
        return quoted.append(text.codePointCount(0, text.length()) > LONGEST_QUOTE ? "...'" : "'")
                .toString();
    }

    /** Controls, marks of the writing direction and other formats, line and paragraph separators, halves of pairs. */
    private static boolean isUnseen(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> true;
            default -> false;
        };
    }

    private void expect(JsonToken token, Supplier<String> what, String article) throws IOException {
        if (reader.peek() != token) {
            throw failure("%s: expected %s, found %s".formatted(what.get(), article, reader.peek()));
        }
    }

    /** Where the JSON reader stopped: the part of its message that says so. */
    private static String place(IOException e) {
        String message = String.valueOf(e.getMessage());
        int from = message.indexOf(" at line ");
        int end = message.indexOf(" path ", Math.max(from, 0));
        return from < 0 ? "" : message.substring(from, end < 0 ? message.length() : end);
    }
}
