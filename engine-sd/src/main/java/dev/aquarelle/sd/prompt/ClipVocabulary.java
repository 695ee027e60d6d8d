package dev.aquarelle.sd.prompt;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * CLIP's vocabulary as a resource: the pairs alone, in the order they were learned, since the tokens follow from them. An id is a place in
 * the list of the 256 bytes, the same at the end of a word, what each pair becomes, and the two tokens around a prompt. The file is the
 * beginning of {@code bpe_simple_vocab_16e6.txt.gz} of open-clip-torch 3.3.0: the 48,894 pairs that CLIP takes of it.
 */
final class ClipVocabulary {
    private static final String RESOURCE = "clip-merges.txt.gz";

    private ClipVocabulary() {}

    /** Read when it is first asked for. */
    private static final class Holder {
        static final Vocabulary VOCABULARY = read();
    }

    static Vocabulary get() {
        return Holder.VOCABULARY;
    }

    private static Vocabulary read() {
        List<String> lines = lines();
        Map<String, Integer> ids = HashMap.newHashMap(50_000);
        char[] bytes = Vocabulary.byteSymbols();
        Arrays.sort(bytes); // the visible ones, which stand for themselves, come first
        for (char symbol : bytes) {
            ids.put(String.valueOf(symbol), ids.size());
        }
        for (char symbol : bytes) {
            ids.put(symbol + Vocabulary.END_OF_WORD, ids.size());
        }
        MergeTable merges = new MergeTable(lines.size());
        for (String line : lines) {
            int blank = line.indexOf(' ');
            String left = line.substring(0, blank);
            String right = line.substring(blank + 1);
            ids.put(left.concat(right), ids.size());
            VocabularyReader.addMerge(merges, ids, left, right, () -> RESOURCE + ": " + line);
        }
        ids.put("<|startoftext|>", ids.size());
        ids.put(ClipTokenizer.END_OF_TEXT, ids.size());
        return new Vocabulary(ids, merges);
    }

    private static List<String> lines() {
        try (InputStream file = ClipVocabulary.class.getResourceAsStream(RESOURCE)) {
            if (file == null) {
                throw new IllegalStateException(RESOURCE + ": the resource is missing in this build");
            }
            return new BufferedReader(new InputStreamReader(new GZIPInputStream(file), StandardCharsets.UTF_8))
                    .lines()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(RESOURCE + ": cannot be read", e);
        }
    }
}
