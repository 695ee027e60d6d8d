package dev.aquarelle.sd.prompt;

import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tokens that are no words: those that begin, end and fill a prompt, and those that were added to the vocabulary, as by textual
 * inversion. They are in {@code tokenizer_config.json}; in its older form also in {@code special_tokens_map.json},
 * {@code added_tokens.json} and {@code tokenizer.json}. Where these say nothing, they are CLIP's own. Found in a prompt, each of {@code added} is taken as the token it is: in Stable Diffusion 2, whose padding is {@code !}, any
 * exclamation mark.
 *
 * @param bos begins every prompt
 * @param eos ends every prompt
 * @param unknown stands for a byte that is no token
 * @param pad fills a prompt up
 * @param added the tokens to find in a prompt, each with whether it is looked for in the normalized text (true) or in the raw one
 * @param ids the ids of those that the vocabulary itself does not have
 * @param maxLength the most tokens of an encoded prompt; {@link Integer#MAX_VALUE} if nothing is said
 */
record SpecialTokens(
        String bos,
        String eos,
        String unknown,
        String pad,
        Map<String, Boolean> added,
        Map<String, Integer> ids,
        int maxLength) {
    private static final Set<String> CLASSES = Set.of("", "CLIPTokenizer", "CLIPTokenizerFast");

    /**
     * Reads the files, each of which may be absent.
     *
     * @param ofTokenizerJson the added tokens of {@code tokenizer.json}
     * @throws ModelException if one is broken or asks for another kind of tokenizer
     */
    static SpecialTokens read(Path folder, List<TokenizerJson.AddedToken> ofTokenizerJson) {
        ModelConfig config = configOf(folder.resolve("tokenizer_config.json"));
        // the newer form has a table of its tokens and stands alone; in the older one the map has the last word
        boolean newer = config.isObject("added_tokens_decoder");
        ModelConfig map = newer ? ModelConfig.parse("", "{}") : configOf(folder.resolve("special_tokens_map.json"));
        if (!CLASSES.contains(config.string("tokenizer_class", ""))) {
            throw config.mismatch("tokenizer_class", "CLIPTokenizer");
        }
        Map<String, Boolean> special = new LinkedHashMap<>();
        String bos = read(config, map, "bos_token", "<|startoftext|>", special);
        String eos = read(config, map, "eos_token", "<|endoftext|>", special);
        String unknown = read(config, map, "unk_token", eos, special);
        String pad = read(config, map, "pad_token", eos, special);
        Map<String, Boolean> added = new LinkedHashMap<>();
        Map<String, Integer> ids = new LinkedHashMap<>();
        if (newer) {
            readTable(config.object("added_tokens_decoder"), added, ids);
        } else {
            for (TokenizerJson.AddedToken token : ofTokenizerJson) {
                added.putIfAbsent(token.content(), token.normalized());
                ids.putIfAbsent(token.content(), token.id());
            }
            readAdded(folder.resolve("added_tokens.json"), special.keySet(), added, ids);
        }
        special.forEach(added::putIfAbsent); // what the tables say of a token goes before what the field says
        double length = config.number("model_max_length", Integer.MAX_VALUE); // "no limit" is written as 10^30
        if (!(length >= 2)) {
            throw config.mismatch("model_max_length", "at least 2");
        }
        return new SpecialTokens(
                bos, eos, unknown, pad, Collections.unmodifiableMap(added), Collections.unmodifiableMap(ids), (int)
                        length);
    }

    private static ModelConfig configOf(Path file) {
        return Files.exists(file) ? ModelConfig.read(file) : ModelConfig.parse(file.toString(), "{}");
    }

    /** Of tokens and ids; those that have a part in every prompt are looked for in the raw text. */
    private static void readAdded(
            Path file, Set<String> special, Map<String, Boolean> added, Map<String, Integer> ids) {
        if (Files.exists(file)) {
            VocabularyReader.readTokens(file).forEach((token, id) -> {
                if (token.isEmpty()) {
                    throw new ModelException("%s: expected tokens, found an empty one".formatted(file));
                }
                added.putIfAbsent(token, !special.contains(token));
                ids.putIfAbsent(token, id);
            });
        }
    }

    private static void readTable(ModelConfig table, Map<String, Boolean> added, Map<String, Integer> ids) {
        for (String key : table.fields()) {
            ModelConfig token = table.object(key);
            String content = content(token);
            added.putIfAbsent(content, token.bool("normalized", true));
            try {
                ids.putIfAbsent(content, Integer.parseUnsignedInt(key));
            } catch (NumberFormatException e) {
                throw new ModelException("%s: %s: expected an id as the field's name".formatted(table.file(), key), e);
            }
        }
    }

    private static String read(
            ModelConfig config, ModelConfig map, String field, String absent, Map<String, Boolean> added) {
        ModelConfig from = map.has(field) ? map : config;
        if (from.isObject(field)) {
            ModelConfig token = from.object(field);
            String content = content(token);
            added.putIfAbsent(content, token.bool("normalized", true));
            return content;
        }
        String content = from.string(field, absent);
        if (content.isEmpty()) {
            throw from.mismatch(field, "a token");
        }
        added.putIfAbsent(content, false);
        return content;
    }

    private static String content(ModelConfig token) {
        String content = token.string("content");
        if (content.isEmpty()) {
            throw token.mismatch("content", "a token");
        }
        return content;
    }
}
