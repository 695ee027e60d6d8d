package dev.aquarelle.sd.prompt;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.aquarelle.sd.ModelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the vocabulary and the added tokens from a {@code tokenizer.json}, the one file that newer libraries write. Its pipeline of text
 * rules is taken to be CLIP's; the kind of its model is checked.
 */
final class TokenizerJson {
    private final Path file;
    private final List<String[]> merges = new ArrayList<>();
    private final List<Entry> added = new ArrayList<>();
    private @Nullable Map<String, Integer> ids;

    private TokenizerJson(Path file) {
        this.file = file;
    }

    /** A token beside the vocabulary. */
    record Entry(AddedToken token, int id) {}

    /**
     * @throws ModelException if the file is broken or no byte-pair encoding
     */
    static TokenizerJson read(Path file) {
        TokenizerJson json = new TokenizerJson(file);
        VocabularyReader.readJson(file, reader -> {
            json.readRoot(reader);
            VocabularyReader.requireEnd(reader);
            return file;
        });
        return json;
    }

    /** The tokens beside the vocabulary, which may be in it as well. */
    List<Entry> added() {
        return Collections.unmodifiableList(added);
    }

    /**
     * The vocabulary.
     *
     * @throws ModelException if there is none, or a merge is of something else than its tokens
     */
    Vocabulary vocabulary() {
        if (ids == null) {
            throw new ModelException(
                    "%s: model.vocab: expected an object of tokens and ids, found nothing".formatted(file));
        }
        MergeTable table = new MergeTable(merges.size());
        for (int i = 0; i < merges.size(); i++) {
            int index = i;
            String[] pair = merges.get(i);
            VocabularyReader.addMerge(
                    table, ids, pair[0], pair[1], () -> "%s: model.merges[%d]".formatted(file, index));
        }
        VocabularyReader.requireSome(table, () -> file + ": model.merges");
        return new Vocabulary(ids, table);
    }

    private void readRoot(JsonReader reader) throws IOException {
        reader.beginObject();
        while (reader.hasNext()) {
            switch (reader.nextName()) {
                case "model" -> readModel(reader);
                case "added_tokens" -> readAdded(reader);
                default -> reader.skipValue();
            }
        }
        reader.endObject();
    }

    private void readAdded(JsonReader reader) throws IOException {
        reader.beginArray();
        while (reader.hasNext()) {
            added.add(readEntry(reader));
        }
        reader.endArray();
    }

    private Entry readEntry(JsonReader reader) throws IOException {
        String content = "";
        int id = -1;
        Map<String, Boolean> rules = new HashMap<>();
        reader.beginObject();
        while (reader.hasNext()) {
            String field = reader.nextName();
            switch (field) {
                case "content" -> content = reader.nextString();
                case "id" -> id = reader.nextInt();
                case "normalized", "special", "single_word", "lstrip", "rstrip" ->
                    rules.put(field, reader.nextBoolean());
                default -> reader.skipValue();
            }
        }
        reader.endObject();
        if (content.isEmpty() || id < 0 || id > VocabularyReader.MAX_ID) {
            throw new ModelException("%s: added_tokens[%d]: expected a token and an id from 0 to %d, found '%s', %d"
                    .formatted(file, added.size(), VocabularyReader.MAX_ID, content, id));
        }
        boolean special = rules.getOrDefault("special", false);
        AddedToken token = new AddedToken(
                content,
                rules.getOrDefault("normalized", !special),
                rules.getOrDefault("single_word", false),
                rules.getOrDefault("lstrip", false),
                rules.getOrDefault("rstrip", false));
        return new Entry(token, id);
    }

    private void readModel(JsonReader reader) throws IOException {
        reader.beginObject();
        while (reader.hasNext()) {
            switch (reader.nextName()) {
                case "type" -> expect("model.type", "BPE", reader);
                case "end_of_word_suffix" -> expect("model.end_of_word_suffix", Vocabulary.END_OF_WORD, reader);
                case "vocab" -> ids = VocabularyReader.readTokens(file, reader);
                case "merges" -> readMerges(reader);
                default -> reader.skipValue();
            }
        }
        reader.endObject();
    }

    private void expect(String field, String expected, JsonReader reader) throws IOException {
        String found = reader.nextString();
        if (!found.equals(expected)) {
            throw new ModelException("%s: %s: expected %s, found %s".formatted(file, field, expected, found));
        }
    }

    private void readMerges(JsonReader reader) throws IOException {
        reader.beginArray();
        while (reader.hasNext()) {
            String[] pair;
            if (reader.peek() == JsonToken.BEGIN_ARRAY) { // since tokenizers 0.20: ["l", "r"]
                reader.beginArray();
                pair = new String[] {reader.nextString(), reader.nextString()};
                reader.endArray();
            } else { // before: "l r"
                pair = reader.nextString().split(" ", -1);
            }
            if (pair.length != 2) {
                throw new ModelException(
                        "%s: model.merges[%d]: expected two tokens with a blank between them, found '%s'"
                                .formatted(file, merges.size(), String.join(" ", pair)));
            }
            merges.add(pair);
        }
        reader.endArray();
    }
}
