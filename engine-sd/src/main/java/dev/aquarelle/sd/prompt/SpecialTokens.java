package dev.aquarelle.sd.prompt;

import com.google.gson.JsonPrimitive;
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
 * @param added the tokens to find in a prompt, each content once
 * @param ids the ids of those that have one in a file beside the vocabulary
 * @param maxLength the most tokens of an encoded prompt; {@link Integer#MAX_VALUE} if nothing is said
 */
record SpecialTokens(
        String bos,
        String eos,
        String unknown,
        String pad,
        List<AddedToken> added,
        Map<String, Integer> ids,
        int maxLength) {
    private static final int CLIP_LENGTH = 77;
    private static final Set<String> CLASSES = Set.of("", "CLIPTokenizer", "CLIPTokenizerFast");

    /**
     * Reads the files, each of which may be absent.
     *
     * @param ofTokenizerJson the added tokens of {@code tokenizer.json}
     * @throws ModelException if one is broken or asks for another kind of tokenizer
     */
    static SpecialTokens read(Path folder, List<TokenizerJson.Entry> ofTokenizerJson) {
        ModelConfig config = configOf(folder.resolve("tokenizer_config.json"));
        // the newer form has a table of its tokens and stands alone; in the older one the map has the last word
        boolean newer = config.isObject("added_tokens_decoder");
        ModelConfig map = newer ? ModelConfig.parse("", "{}") : configOf(folder.resolve("special_tokens_map.json"));
        if (!CLASSES.contains(config.string("tokenizer_class", ""))) {
            throw config.mismatch("tokenizer_class", "CLIPTokenizer");
        }
        NamedTokens named = NamedTokens.read(config, map);
        Map<String, AddedToken> added = new LinkedHashMap<>();
        Map<String, Integer> ids = new LinkedHashMap<>();
        if (newer) {
            readTable(config.object("added_tokens_decoder"), added, ids);
        } else {
            for (TokenizerJson.Entry entry : ofTokenizerJson) {
                added.putIfAbsent(entry.token().content(), entry.token());
                ids.putIfAbsent(entry.token().content(), entry.id());
            }
            readAdded(folder.resolve("added_tokens.json"), named.given(), added, ids);
        }
        named.tokens().forEach(added::putIfAbsent); // what the tables say of a token goes before what a field says
        double length = config.number("model_max_length", Integer.MAX_VALUE); // "no limit" is written as 10^30
        if (!(length >= 2)) {
            throw config.mismatch("model_max_length", "at least 2");
        }
        return new SpecialTokens(
                named.bos(),
                named.eos(),
                named.unknown(),
                named.pad(),
                List.copyOf(added.values()),
                Collections.unmodifiableMap(ids),
                (int) length);
    }

    /** Those of CLIP as published models have them, but for the token that fills a prompt up. */
    static SpecialTokens ofClip(String pad) {
        ModelConfig map = ModelConfig.parse("CLIP's special tokens", """
            {"bos_token": {"content": "<|startoftext|>", "normalized": true},
             "eos_token": {"content": "<|endoftext|>", "normalized": true},
             "unk_token": {"content": "<|endoftext|>", "normalized": true},
             "pad_token": %s}\
            """.formatted(new JsonPrimitive(pad)));
        NamedTokens named = NamedTokens.read(ModelConfig.parse("", "{}"), map);
        return new SpecialTokens(
                named.bos(),
                named.eos(),
                named.unknown(),
                named.pad(),
                List.copyOf(named.tokens().values()),
                Map.of(),
                CLIP_LENGTH);
    }

    private static ModelConfig configOf(Path file) {
        return Files.exists(file) ? ModelConfig.read(file) : ModelConfig.parse(file.toString(), "{}");
    }

    /** Of tokens and ids; those that a field names are looked for in the raw text. */
    private static void readAdded(
            Path file, Set<String> special, Map<String, AddedToken> added, Map<String, Integer> ids) {
        if (Files.exists(file)) {
            VocabularyReader.readTokens(file).forEach((token, id) -> {
                if (token.isEmpty()) {
                    throw new ModelException("%s: expected tokens, found an empty one".formatted(file));
                }
                added.putIfAbsent(token, new AddedToken(token, !special.contains(token)));
                ids.putIfAbsent(token, id);
            });
        }
    }

    private static void readTable(ModelConfig table, Map<String, AddedToken> added, Map<String, Integer> ids) {
        for (String key : table.fields()) {
            AddedToken token = AddedToken.of(table.object(key), false);
            added.putIfAbsent(token.content(), token);
            try {
                ids.putIfAbsent(token.content(), Integer.parseUnsignedInt(key));
            } catch (NumberFormatException e) {
                throw new ModelException("%s: %s: expected an id as the field's name".formatted(table.file(), key), e);
            }
        }
    }
}
