package dev.aquarelle.sd.prompt;

import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The tokens that are no words, by {@code tokenizer_config.json} and {@code special_tokens_map.json}, with CLIP's own where these say
 * nothing. Found in a prompt, each of {@code added} is taken as the token it is: in Stable Diffusion 2, whose padding is {@code !}, any
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
     * Reads the two files, each of which may be absent.
     *
     * @throws ModelException if one is broken or asks for another kind of tokenizer
     */
    static SpecialTokens read(Path folder) {
        ModelConfig config = configOf(folder.resolve("tokenizer_config.json"));
        // the newer form has a table of its tokens and stands alone; in the older one the map has the last word
        boolean newer = config.isObject("added_tokens_decoder");
        ModelConfig map = newer ? ModelConfig.parse("", "{}") : configOf(folder.resolve("special_tokens_map.json"));
        if (!CLASSES.contains(config.string("tokenizer_class", ""))) {
            throw config.mismatch("tokenizer_class", "CLIPTokenizer");
        }
        Map<String, Boolean> added = new LinkedHashMap<>();
        Map<String, Integer> ids = new LinkedHashMap<>();
        if (newer) {
            readTable(config.object("added_tokens_decoder"), added, ids);
        }
        String bos = read(config, map, "bos_token", "<|startoftext|>", added);
        String eos = read(config, map, "eos_token", "<|endoftext|>", added);
        String unknown = read(config, map, "unk_token", eos, added);
        String pad = read(config, map, "pad_token", eos, added);
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
