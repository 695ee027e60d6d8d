package dev.aquarelle.sd.prompt;

import dev.aquarelle.sd.ModelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * CLIP's tokenizer (Radford et al., arXiv:2103.00020): lower-cased byte-level byte-pair encoding, read from a model's {@code tokenizer}
 * folder. It gives the ids that transformers 5 gives, special tokens inside of a prompt included. Immutable, safe for any thread.
 */
public final class ClipTokenizer {
    /** Ends every prompt. */
    public static final String END_OF_TEXT = "<|endoftext|>";

    /** What OpenCLIP's text encoders are padded by: the token with the id 0. */
    public static final String EXCLAMATION_MARK = "!";

    private final Vocabulary vocabulary;
    private final List<Special> rawSpecials;
    private final List<Special> normalizedSpecials;
    private final int bosId;
    private final int eosId;
    private final int padId;
    private final int unknownId;
    private final int maxLength;
    private final int size;

    /**
     * A token that is found in a text as it stands.
     *
     * @param text what is looked for: the token's content, normalized where the text is
     * @param ids what it becomes, mostly one
     */
    private record Special(String text, AddedToken token, List<Integer> ids) {}

    private static final Comparator<Special> LONGEST_FIRST =
            Comparator.comparingInt((Special s) -> -s.text.length()).thenComparing(Special::text);

    private ClipTokenizer(String where, Vocabulary vocabulary, SpecialTokens special) {
        this.vocabulary = vocabulary;
        bosId = id(where, vocabulary, special, special.bos());
        eosId = id(where, vocabulary, special, special.eos());
        padId = id(where, vocabulary, special, special.pad());
        unknownId = id(where, vocabulary, special, special.unknown());
        maxLength = special.maxLength();
        List<Special> raw = new ArrayList<>();
        List<Special> normalized = new ArrayList<>();
        int next = Math.max(vocabulary.size(), largest(special.ids()) + 1);
        for (AddedToken token : special.added()) {
            int id = find(vocabulary, special, token.content());
            if (id < 0) {
                id = next++; // a special token that no file has an id for comes behind all that have one
            }
            if (token.normalized()) {
                normalized.add(new Special(PromptText.normalize(token.content()), token, List.of(id)));
            } else {
                raw.add(new Special(token.content(), token, List.of(id)));
            }
        }
        raw.sort(LONGEST_FIRST);
        normalized.sort(LONGEST_FIRST);
        rawSpecials = List.copyOf(raw);
        normalizedSpecials = List.copyOf(normalized);
        size = next;
    }

    private ClipTokenizer(ClipTokenizer base, List<Special> normalizedSpecials, int size) {
        vocabulary = base.vocabulary;
        rawSpecials = base.rawSpecials;
        bosId = base.bosId;
        eosId = base.eosId;
        padId = base.padId;
        unknownId = base.unknownId;
        maxLength = base.maxLength;
        this.normalizedSpecials = List.copyOf(normalizedSpecials);
        this.size = size;
    }

    /**
     * The same with a token more, as textual inversion adds them: found in a prompt, in capitals or not, it becomes {@code count} ids, the
     * first of which is this tokenizer's {@link #size}. As in diffusers the ids behind the first also have names, {@code token_1} and so on.
     *
     * @throws IllegalArgumentException if the token is blank or one that the tokenizer has already, or the count is not positive
     */
    public ClipTokenizer with(String token, int count) {
        if (token.isBlank() || count < 1) {
            throw new IllegalArgumentException(
                    "expected a token of at least one id, found '%s' of %d".formatted(token, count));
        }
        List<Special> specials = new ArrayList<>(normalizedSpecials);
        for (int i = 0; i < count; i++) {
            String name = i == 0 ? token : token + "_" + i;
            requireNew(name);
            List<Integer> ids = IntStream.range(size + i, i == 0 ? size + count : size + i + 1)
                    .boxed()
                    .toList();
            specials.add(new Special(PromptText.normalize(name), new AddedToken(name, true), ids));
        }
        specials.sort(LONGEST_FIRST);
        return new ClipTokenizer(this, specials, Math.addExact(size, count));
    }

    private void requireNew(String token) {
        String text = PromptText.normalize(token);
        boolean known = vocabulary.id(token) >= 0
                || rawSpecials.stream().anyMatch(special -> special.text.equals(token))
                || normalizedSpecials.stream().anyMatch(special -> special.text.equals(text));
        if (known) {
            throw new IllegalArgumentException(
                    "expected a new token, found '%s', which is one already".formatted(token));
        }
    }

    private static int largest(Map<String, Integer> ids) {
        return ids.values().stream().mapToInt(id -> id).max().orElse(-1);
    }

    private static int id(String where, Vocabulary vocabulary, SpecialTokens special, String token) {
        int id = find(vocabulary, special, token);
        if (id < 0) {
            throw new ModelException(
                    "%s: the special token '%s' is no token of the vocabulary".formatted(where, token));
        }
        return id;
    }

    private static int find(Vocabulary vocabulary, SpecialTokens special, String token) {
        int id = vocabulary.id(token);
        return id >= 0 ? id : special.ids().getOrDefault(token, -1);
    }

    /**
     * Reads {@code vocab.json} and {@code merges.txt}, or {@code tokenizer.json} where one of these is not there, and the tokens that are
     * no words: see {@link SpecialTokens}.
     *
     * @param folder a model's {@code tokenizer} folder
     * @throws ModelException if a file is missing or broken; the message names it, the line or the token, what was expected and found
     */
    public static ClipTokenizer load(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new ModelException("%s: the tokenizer's folder is missing".formatted(folder));
        }
        Path vocabJson = folder.resolve("vocab.json");
        Path mergesTxt = folder.resolve("merges.txt");
        Path tokenizerJson = folder.resolve("tokenizer.json");
        TokenizerJson json = Files.exists(tokenizerJson) ? TokenizerJson.read(tokenizerJson) : null;
        SpecialTokens special = SpecialTokens.read(folder, json == null ? List.of() : json.added());
        Vocabulary vocabulary = json != null && !(Files.exists(vocabJson) && Files.exists(mergesTxt))
                ? json.vocabulary()
                : VocabularyReader.read(vocabJson, mergesTxt);
        return new ClipTokenizer(folder.toString(), vocabulary, special);
    }

    /**
     * CLIP's own vocabulary of 49,408 tokens, which comes with the engine: for checkpoints of one file, which bring none.
     *
     * @param pad fills a prompt up: {@link #END_OF_TEXT} in Stable Diffusion 1 and for SDXL's first text encoder, {@link #EXCLAMATION_MARK} in
     *     Stable Diffusion 2 and for SDXL's second
     * @throws ModelException if {@code pad} is no token
     */
    public static ClipTokenizer ofClip(String pad) {
        return new ClipTokenizer("CLIP's vocabulary", ClipVocabulary.get(), SpecialTokens.ofClip(pad));
    }

    /** The ids of a text between those of begin and end, as many as it takes. */
    public int[] encode(String text) {
        IntStream.Builder ids = IntStream.builder().add(bosId);
        tokenize(text, ids);
        return ids.add(eosId).build().toArray();
    }

    /**
     * The ids of a text alone, as many as it takes.
     *
     * @throws IllegalArgumentException if thousands of combining marks follow one another, which no writing does
     */
    public int[] tokenize(String text) {
        IntStream.Builder ids = IntStream.builder();
        tokenize(text, ids);
        return ids.build().toArray();
    }

    /** How many ids belong together from this one on: more than 1 for the first id of a token that is several. */
    int idsTogether(int id) {
        for (Special special : normalizedSpecials) {
            if (special.ids.size() > 1 && special.ids.getFirst() == id) {
                return special.ids.size();
            }
        }
        return 1;
    }

    /** The id that begins every prompt. */
    public int bosId() {
        return bosId;
    }

    /** The id that ends every prompt. */
    public int eosId() {
        return eosId;
    }

    /** The id that fills a prompt up: {@link #eosId} in Stable Diffusion 1, that of {@code !} in 2. */
    public int padId() {
        return padId;
    }

    /** The most ids of a prompt, begin and end counted, 77 in CLIP; {@link Integer#MAX_VALUE} if the model's files do not say. */
    public int maxLength() {
        return maxLength;
    }

    /** One more than the largest id: the rows that the text encoder's table must have. */
    public int size() {
        return size;
    }

    private void tokenize(String text, IntStream.Builder ids) {
        splitAt(
                rawSpecials,
                text,
                ids,
                raw -> splitAt(
                        normalizedSpecials, PromptText.normalize(raw), ids, normalized -> words(normalized, ids)));
    }

    private interface Part {
        void accept(String text);
    }

    /** Cuts at each special token, the longest that stands there; what lies between goes to {@code between}. */
    private static void splitAt(List<Special> specials, String text, IntStream.Builder ids, Part between) {
        int done = 0;
        for (int i = 0; i < text.length(); ) {
            Special found = startingAt(specials, text, i);
            if (found == null) {
                i++;
                continue;
            }
            int end = i + found.text.length();
            if (found.token.countsAt(text, i, end)) {
                between.accept(text.substring(done, Math.max(done, found.token.start(text, i, done))));
                found.ids.forEach(ids::add);
                done = found.token.end(text, Math.max(done, end));
            }
            i = end; // what is passed over is no place for shorter ones to begin
        }
        between.accept(text.substring(done));
    }

    private static @Nullable Special startingAt(List<Special> specials, String text, int from) {
        for (Special special : specials) {
            if (text.startsWith(special.text, from)) {
                return special;
            }
        }
        return null;
    }

    private void words(String normalized, IntStream.Builder ids) {
        for (int i = 0; i < normalized.length(); ) {
            int end = PromptText.wordEnd(normalized, i);
            if (end < 0) {
                i++; // a blank, which is the only white space left
            } else if (PromptText.isMarker(normalized, i)) { // the byte-level step of the original cuts within it again
                vocabulary.encode(normalized.substring(i, i + 2), unknownId, ids);
                vocabulary.encode(normalized.substring(i + 2, end - 2), unknownId, ids);
                vocabulary.encode(normalized.substring(end - 2, end), unknownId, ids);
                i = end;
            } else {
                vocabulary.encode(normalized.substring(i, end), unknownId, ids);
                i = end;
            }
        }
    }
}
