package dev.aquarelle.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of a CLIP tokenizer. */
final class Tokenizers {
    private static final List<String> REQUIRED = List.of("vocab.json", "merges.txt");
    private static final List<String> OPTIONAL =
            List.of("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.json");

    /** Those that name the tokens for beginning, end and padding. */
    static final List<String> SPECIAL_TOKENS = List.of("tokenizer_config.json", "special_tokens_map.json");

    private Tokenizers() {}

    static void require(Path folder) {
        for (String file : REQUIRED) {
            if (!Files.isRegularFile(folder.resolve(file))) {
                throw new WeightsException("%s: expected a tokenizer's %s, found no %s"
                        .formatted(folder, String.join(" and ", REQUIRED), file));
            }
        }
    }

    static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (String file : REQUIRED) {
            Files.write(to.resolve(file), Files.readAllBytes(from.resolve(file)));
        }
        for (String file : OPTIONAL) {
            if (Files.isRegularFile(from.resolve(file))) {
                Files.write(to.resolve(file), Files.readAllBytes(from.resolve(file)));
            }
        }
    }
}
