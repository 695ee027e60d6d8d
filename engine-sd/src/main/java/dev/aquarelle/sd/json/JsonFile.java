package dev.aquarelle.sd.json;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads files that hold one JSON object, strictly and not without limit: they come from somewhere else.
 *
 * @param failure makes the reader's exception
 */
public record JsonFile(Failure failure) {
    private static final long MAX_BYTES =
            4 << 20; // the largest, with token tables or trained betas in them, are some 100 KB
    private static final int LONGEST_SHOWN = 60;

    /** The exception of whoever reads. */
    public interface Failure {
        /** With the file, what was expected and what was found; and what the file system or the parser said. */
        RuntimeException of(String message, @Nullable Throwable cause);
    }

    /** The text of a file, UTF-8. */
    public String text(Path file) {
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw failure.of("%s: expected at most %d bytes, found %d".formatted(file, MAX_BYTES, size), null);
            }
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw failure.of("%s: the file is missing".formatted(file), e);
        } catch (MalformedInputException e) {
            throw failure.of("%s: the file is not UTF-8 text".formatted(file), e);
        } catch (IOException e) {
            throw failure.of("%s: cannot be read (%s)".formatted(file, e.getMessage()), e);
        }
    }

    /**
     * The one object in a text.
     *
     * @param where what messages call its place
     */
    public JsonObject object(String where, String text) {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            JsonElement root = JsonParser.parseReader(reader);
            if (!root.isJsonObject()) {
                throw failure.of("%s: expected a JSON object, found %s".formatted(where, shortened(root)), null);
            }
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw failure.of("%s: expected one JSON object, found more behind it".formatted(where), null);
            }
            return root.getAsJsonObject();
        } catch (JsonParseException | IOException e) {
            String hint = text.startsWith("version https://git-lfs")
                    ? ": this is a pointer of Git LFS, for which 'git lfs pull' fetches the file"
                    : "";
            throw failure.of("%s: not valid JSON%s%s".formatted(where, place(e), hint), e);
        }
    }

    /** A value as messages show it. */
    public static String shortened(JsonElement element) {
        String text = element.toString();
        return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN - 3) + "...";
    }

    /** Where the parser stopped: the part of its message that says so. */
    private static String place(Exception e) {
        String message = String.valueOf(e.getMessage());
        int from = message.indexOf(" at line ");
        int end = message.indexOf(" path ", Math.max(from, 0));
        return from < 0 ? "" : message.substring(from, end < 0 ? message.length() : end);
    }
}
