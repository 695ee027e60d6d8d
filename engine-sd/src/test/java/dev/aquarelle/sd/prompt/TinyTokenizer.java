package dev.aquarelle.sd.prompt;

import com.google.gson.Gson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A tokenizer in a folder, made for a test: bytes 0 to 255, last bytes of a word 256 to 511, a token for each merge from 512 on, then
 * {@code <|startoftext|>} and {@code <|endoftext|>}.
 */
public final class TinyTokenizer {
    private static final List<String> MERGES = List.of("c a", "ca t</w>", "a t</w>", "a a", "aa a</w>", "' s</w>");

    private TinyTokenizer() {}

    static Map<String, Integer> vocabulary() {
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        char[] symbols = Vocabulary.byteSymbols();
        for (char symbol : symbols) {
            vocabulary.put(String.valueOf(symbol), vocabulary.size());
        }
        for (char symbol : symbols) {
            vocabulary.put(symbol + "</w>", vocabulary.size());
        }
        for (String merge : MERGES) {
            vocabulary.put(merge.replace(" ", ""), vocabulary.size());
        }
        vocabulary.put("<|startoftext|>", vocabulary.size());
        vocabulary.put("<|endoftext|>", vocabulary.size());
        return vocabulary;
    }

    static String merges() {
        return MERGES.stream().collect(Collectors.joining("\n", "#version: 0.2\n", "\n"));
    }

    /** Writes {@code vocab.json} and {@code merges.txt}; without the other two files CLIP's own special tokens are expected. */
    public static Path write(Path folder) throws IOException {
        Files.writeString(folder.resolve("vocab.json"), new Gson().toJson(vocabulary()));
        Files.writeString(folder.resolve("merges.txt"), merges());
        return folder;
    }
}
