package dev.aquarelle.sd.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.aquarelle.sd.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules at their edges, on a vocabulary of bytes and six merges; whole prompts are compared by the golden files. */
class ClipTokenizerTest {
    private static final int CA = 512;
    private static final int CAT = 513;
    private static final int AT = 514;
    private static final int AA = 515;
    private static final int AAA = 516;
    private static final int APOSTROPHE_S = 517;
    private static final int BOS = 518;
    private static final int EOS = 519;

    @TempDir
    private Path folder;

    @BeforeEach
    void writeVocabulary() throws IOException {
        TinyTokenizer.write(folder);
    }

    @Test
    void mergesTheEarliestLearnedPairFirst() {
        assertThat(tokens("cat")).containsExactly(CAT); // not "c" "at": "c a" was learned before "a t"
        assertThat(tokens("at")).containsExactly(AT);
        assertThat(tokens("cab")).containsExactly(CA, last('b'));
    }

    @Test
    void mergesEqualPairsFromTheLeft() {
        assertThat(tokens("aaa")).containsExactly(AAA);
        assertThat(tokens("aaaa")).containsExactly(AA, inner('a'), last('a'));
        assertThat(tokens("aaaaa")).containsExactly(AA, AAA);
    }

    @Test
    void putsBeginAndEndAround() {
        assertThat(tokenizer().encode("cat at")).containsExactly(BOS, CAT, AT, EOS);
        assertThat(tokenizer().encode("")).containsExactly(BOS, EOS);
        assertThat(tokenizer().encode(" \t\n ")).containsExactly(BOS, EOS);
    }

    @Test
    void cutsLettersDigitsAndTheRestApart() {
        assertThat(tokens("cat's")).containsExactly(CAT, APOSTROPHE_S);
        assertThat(tokens("'sat")).containsExactly(APOSTROPHE_S, AT); // the contraction comes first, whatever follows
        assertThat(tokens("42")).containsExactly(last('4'), last('2'));
        assertThat(tokens("?!x")).containsExactly(inner('?'), last('!'), last('x'));
        assertThat(tokens("\u00bd\u00b2"))
                .containsExactly(0xC2, 256 + 0xBD, 0xC2, 256 + 0xB2); // numbers of any kind stand alone
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
                0x3000
            })
    void everyWhiteSpaceOfUnicodeSeparates(int space) {
        assertThat(tokens("cat" + Character.toString(space) + "at")).containsExactly(CAT, AT);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, 0x1C, 0x1F, 0x7F, 0x180E, 0x200B, 0x2060, 0xFEFF})
    void otherInvisibleCharactersAreWords(int character) {
        assertThat(tokens("cat" + Character.toString(character) + "at"))
                .hasSizeGreaterThan(2)
                .startsWith(CAT)
                .endsWith(AT);
    }

    @ParameterizedTest
    @CsvSource({
        "CAT, cat",
        "e\u0301, \u00e9", // composed first
        "\u03a3\u0391\u03a3, \u03c3\u03b1\u03c3", // each by itself: the last sigma is a plain one
        "\u0130, i\u0307", // lower case may be two characters, which stay apart
        "\ud83d\ude00\ud801\udc00, \ud83d\ude00\ud801\udc28", // beyond the first 65536
        "\u1e9e, \u00df"
    })
    void lowersEachCodePointOfTheComposedText(String text, String equal) {
        assertThat(PromptText.normalize(text)).isEqualTo(equal);
        assertThat(tokens(text)).isEqualTo(tokens(equal));
    }

    @Test
    void cutsAMarkerThatIsNoSpecialTokenAsTheByteLevelStepDoes() {
        assertThat(tokens("<|ENDOFTEXT|>!"))
                .startsWith(inner('<'), last('|'), inner('e'))
                .endsWith(last('t'), inner('|'), last('>'), last('!')); // transformers 5.24: 60 380 101 ... 372 124 318
    }

    @ParameterizedTest
    @ValueSource(strings = {"\ud800", "\udc00", "\udc00\ud800"})
    void halfASurrogatePairIsAReplacementCharacter(String broken) {
        assertThat(tokens("cat" + broken)).isEqualTo(tokens("cat" + "\ufffd".repeat(broken.length())));
    }

    @Test
    void takesSpecialTokensInsideOfAPromptAsWhatTheyAre() throws IOException {
        assertThat(tokens("cat<|endoftext|>at")).containsExactly(CAT, EOS, AT);
        assertThat(tokens("<|STARTOFTEXT|>"))
                .doesNotContain(BOS); // a plain entry is looked for in the text as it stands

        Files.writeString(
                folder.resolve("special_tokens_map.json"),
                "{\"bos_token\": {\"content\": \"<|startoftext|>\", \"normalized\": true}, \"pad_token\": \"!\"}");
        assertThat(tokens("<|STARTOFTEXT|>")).containsExactly(BOS);
        assertThat(tokens("cat!!"))
                .containsExactly(
                        CAT, inner('!'), inner('!')); // Stable Diffusion 2: padding is a token wherever it stands
        assertThat(tokenizer().padId()).isEqualTo(inner('!'));
    }

    @Test
    void theTableOfTheNewerFormStandsAlone() throws IOException {
        Files.writeString(folder.resolve("special_tokens_map.json"), "{\"pad_token\": \"?\"}");
        Files.writeString(folder.resolve("tokenizer_config.json"), """
            {"added_tokens_decoder": {"33": {"content": "!", "normalized": false}, "600": {"content": "<extra>", "normalized": true}},
             "pad_token": "!", "model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
            """);

        assertThat(tokenizer().padId()).isEqualTo(inner('!'));
        assertThat(tokenizer().maxLength()).isEqualTo(77);
        assertThat(tokens("cat <Extra>")).containsExactly(CAT, 600);
        assertThat(tokenizer().size()).isEqualTo(601);
    }

    /** Each line as transformers 5.24 has it, which adds one token after the other and keeps what differs from all before. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "OBJECT | absent | absent | false", // what is absent is a plain text
                "OBJECT | OBJECT | OBJECT | true",
                "OBJECT | OBJECT | TEXT   | false", // as in Stable Diffusion 1
                "TEXT   | OBJECT | TEXT   | true",
                "TEXT   | OBJECT | OBJECT | true",
                "RAW    | OBJECT | RAW    | true",
                "OBJECT | TEXT   | OBJECT | false",
            })
    void theLastOfDifferentFormsDecidesHowATokenIsFound(String eos, String unk, String pad, boolean lowered)
            throws IOException {
        Map<String, String> forms = Map.of(
                "TEXT", "\"<|endoftext|>\"",
                "OBJECT", "{\"content\": \"<|endoftext|>\", \"normalized\": true}",
                "RAW", "{\"content\": \"<|endoftext|>\"}", // a special token is, unless it says otherwise
                "absent", "null");
        Files.writeString(
                folder.resolve("special_tokens_map.json"),
                "{\"pad_token\": %s, \"unk_token\": %s, \"eos_token\": %s}"
                        .formatted(forms.get(pad), forms.get(unk), forms.get(eos)));

        assertThat(tokens("cat<|endoftext|>")).containsExactly(CAT, EOS);
        if (lowered) {
            assertThat(tokens("cat<|ENDOFTEXT|>")).containsExactly(CAT, EOS);
        } else {
            assertThat(tokens("cat<|ENDOFTEXT|>")).doesNotContain(EOS);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "tokenizer_config | {`additional_special_tokens`: [`<foo>`]} | true | false",
                "tokenizer_config | {`extra_special_tokens`: [`<foo>`], `additional_special_tokens`: [`<bar>`]} | true"
                        + " | false",
                "tokenizer_config | {`extra_special_tokens`: {`toy_token`: `<foo>`}} | true | false",
                "tokenizer_config | {`additional_special_tokens`: [{`content`: `<foo>`, `normalized`: true}]} | true |"
                        + " true",
                "tokenizer_config | {`mask_token`: `<foo>`} | true | false",
                "tokenizer_config | {`toy_token`: `<foo>`} | true | false",
                "special_tokens_map | {`additional_special_tokens`: [`<foo>`]} | true | false",
                "special_tokens_map | {`extra_special_tokens`: [{`content`: `<foo>`, `normalized`: true}]} | true |"
                        + " true",
                "special_tokens_map | {`additional_special_tokens`: []} | false | false",
            })
    void takesSpecialTokensWithoutAJob(String file, String content, boolean asWritten, boolean lowered)
            throws IOException {
        Files.writeString(folder.resolve(file + ".json"), content.replace('`', '"'));

        assertThat(IntStream.of(tokens("cat<foo>cat")).anyMatch(id -> id == 520))
                .isEqualTo(asWritten);
        assertThat(IntStream.of(tokens("cat<FOO>cat")).anyMatch(id -> id == 520))
                .isEqualTo(lowered);
        assertThat(tokens("<bar>")).doesNotContain(520, 521);
        assertThat(tokenizer().size()).isEqualTo(asWritten ? 521 : 520); // no file has an id for it: the next one
    }

    @Test
    void anAdditionalSpecialTokenHasTheIdOfTheAddedTokens() throws IOException {
        Files.writeString(
                folder.resolve("tokenizer_config.json"), "{\"additional_special_tokens\": [\"<foo>\", \"<bar>\"]}");
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<foo>\": 525}");

        assertThat(tokens("<foo><bar>")).containsExactly(525, 526);
        assertThat(tokens("<FOO>")).doesNotContain(525);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[\"\"]", "[7]", "7", "\"<foo>\"", "[{}]"})
    void brokenAdditionalSpecialTokensGetOneClearError(String value) throws IOException {
        Path file = Files.writeString(
                folder.resolve("tokenizer_config.json"), "{\"additional_special_tokens\": %s}".formatted(value));
        assertThatThrownBy(this::tokenizer)
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith(file + ": additional_special_tokens");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSingleWordIsFoundOnlyWhereItStandsAlone(boolean normalized) throws IOException {
        writeTable("{\"content\": \"foo\", \"single_word\": true, \"normalized\": %b}".formatted(normalized));

        assertThat(tokens("cat foo cat")).containsExactly(CAT, 520, CAT);
        assertThat(tokens("-foo-")).containsExactly(last('-'), 520, last('-'));
        for (String joined : List.of(
                "catfoo cat",
                "cat foocat",
                "_foo",
                "\u00e9foo",
                "foo1",
                "foo\u200dx",
                "foo\u0316",
                "foo\u2160",
                "foo\u203f",
                "foo\u24b6",
                "foo\ud835\udc00")) {
            assertThat(tokens(joined)).as(joined).doesNotContain(520);
        }
    }

    @Test
    void whereALongTokenIsNoSingleWordNoShorterOneIsLookedFor() throws IOException {
        writeTable("{\"content\": \"foobar\", \"single_word\": true}", "{\"content\": \"foo\"}");

        assertThat(tokens("xfoobar")).doesNotContain(520, 521);
        assertThat(tokens("foobar xfoo")).containsExactly(520, last('x'), 521);
    }

    @Test
    void takesWhiteSpaceAlongWhereATokenSaysSo() throws IOException {
        writeTable(
                "{\"content\": \"foo\", \"lstrip\": true, \"rstrip\": true, \"normalized\": false}",
                "{\"content\": \" bar\", \"normalized\": true}");

        assertThat(tokens(" bar foo bar")).containsExactly(521, 520, inner('b'), inner('a'), last('r'));
        assertThat(tokens("foo foo")).containsExactly(520, 520);
    }

    private void writeTable(String... tokens) throws IOException {
        String entries = IntStream.range(0, tokens.length)
                .mapToObj(i -> "\"%d\": %s".formatted(520 + i, tokens[i]))
                .collect(Collectors.joining(", "));
        Files.writeString(
                folder.resolve("tokenizer_config.json"), "{\"added_tokens_decoder\": {%s}}".formatted(entries));
    }

    @Test
    void takesNoLimitForNoLimit() throws IOException {
        Files.writeString(
                folder.resolve("tokenizer_config.json"), "{\"model_max_length\": 1000000000000000019884624838656}");
        assertThat(tokenizer().maxLength()).isEqualTo(Integer.MAX_VALUE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void readsTheOneFileOfNewerLibraries(boolean pairsAsLists) throws IOException {
        writeTokenizerJson(pairsAsLists, "[]");
        Files.delete(folder.resolve("vocab.json"));
        Files.delete(folder.resolve("merges.txt"));

        assertThat(tokenizer().encode("cat's at")).containsExactly(BOS, CAT, APOSTROPHE_S, AT, EOS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vocab.json", "merges.txt"})
    void theOneFileStandsInWhereEitherOfTheTwoIsMissing(String missing) throws IOException {
        writeTokenizerJson(true, "[]");
        Files.delete(folder.resolve(missing));

        assertThat(tokenizer().encode("cat's at")).containsExactly(BOS, CAT, APOSTROPHE_S, AT, EOS);
    }

    @Test
    void takesAddedTokensForWhatTheyAre() throws IOException {
        Files.writeString(
                folder.resolve("added_tokens.json"),
                "{\"<Cat-Toy>\": 520, \"<cat\": 521, \"<|startoftext|>\": %d}".formatted(BOS));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\": \"<|startoftext|>\"}");

        assertThat(tokens("cat<CAT-toy>at")).containsExactly(CAT, 520, AT); // in the normalized text
        assertThat(tokens("cat <cat at")).containsExactly(CAT, 521, AT); // the longest that stands there
        assertThat(tokens("<|STARTOFTEXT|>")).doesNotContain(BOS);
        assertThat(tokenizer().size()).isEqualTo(522);
    }

    @Test
    void takesAddedTokensOfTheOneFileToo() throws IOException {
        writeTokenizerJson(true, """
            [{"id": 520, "content": "<Raw>", "normalized": false, "special": true},
             {"id": 521, "content": "<Cat-Toy>", "single_word": true, "lstrip": false, "rstrip": false}]
            """);

        assertThat(tokens("cat <cat-toy> at")).containsExactly(CAT, 521, AT);
        assertThat(tokens("<cat-toy>x <cat-toy>")).endsWith(521).containsOnlyOnce(521);
        assertThat(tokens("cat<Raw>at")).containsExactly(CAT, 520, AT);
        assertThat(tokens("cat<raw>at")).doesNotContain(520);
    }

    @Test
    void theTableOfTheNewerFormStandsAlonePerhapsWithoutAddedTokens() throws IOException {
        writeTokenizerJson(true, "[{\"id\": 520, \"content\": \"<toy>\"}]");
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<cat>\": 521}");
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"added_tokens_decoder\": {\"%d\": {\"content\": \"<|startoftext|>\"}}}".formatted(BOS));

        assertThat(tokens("cat <toy> <cat>")).doesNotContain(520, 521);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"<toy>\": -1} | token '<toy>': expected an id from 0 to 16777216, found -1",
                "{\"<toy>\": \"7\"} | token '<toy>': expected an id from 0 to 16777216, found STRING",
                "{\"\": 520} | expected tokens, found an empty one",
            })
    void brokenAddedTokensGetOneClearError(String content, String message) throws IOException {
        Path file = Files.writeString(folder.resolve("added_tokens.json"), content);

        assertThatThrownBy(this::tokenizer)
                .isInstanceOf(ModelException.class)
                .hasMessage("%s: %s".formatted(file, message));
    }

    private void writeTokenizerJson(boolean pairsAsLists, String addedTokens) throws IOException {
        JsonArray merges = new JsonArray();
        TinyTokenizer.merges().lines().skip(1).forEach(merge -> {
            if (pairsAsLists) {
                merges.add(new Gson().toJsonTree(merge.split(" ")));
            } else {
                merges.add(merge);
            }
        });
        writeTokenizerJson(merges, addedTokens);
    }

    private void writeTokenizerJson(JsonArray merges, String addedTokens) throws IOException {
        JsonObject model = new JsonObject();
        model.add("merges", merges); // before the vocabulary: the order of fields means nothing
        model.addProperty("type", "BPE");
        model.add("vocab", new Gson().toJsonTree(TinyTokenizer.vocabulary()));
        JsonObject root = new JsonObject();
        root.addProperty("version", "1.0");
        root.add("added_tokens", JsonParser.parseString(addedTokens));
        root.add("model", model);
        Files.writeString(folder.resolve("tokenizer.json"), root.toString());
    }

    @Test
    void longTextsTakeNoMoreThanLinearTime() {
        List<String> long_ = List.of(
                "a".repeat(500_000),
                "cat ".repeat(125_000),
                "'".repeat(500_000),
                "<|startoftext|".repeat(30_000),
                "e\u0301\u0316".repeat(200_000));
        assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> { // minutes and more if a step went over the rest of the text
                    for (String text : long_) {
                        assertThat(tokens(text)).hasSizeGreaterThan(100_000);
                    }
                });
    }

    @Test
    void refusesEndlessMarks() {
        String marks = "a" + "\u0301\u0316".repeat(100_000);
        assertThatThrownBy(() -> tokens(marks))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("prompt: expected at most 1000 combining marks in a row, found more up to character 1001");
    }

    @ParameterizedTest
    @MethodSource("brokenVocabularies")
    void aBrokenVocabularyGetsOneClearError(String content, String message) throws IOException {
        Files.writeString(folder.resolve("vocab.json"), content);
        assertThatThrownBy(this::tokenizer)
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith(folder.toString())
                .hasMessageContaining(message);
    }

    static List<Arguments> brokenVocabularies() {
        return List.of(
                arguments("{\"a\": 1", "vocab.json: not the JSON that was expected (End of input at line 1 column 8"),
                arguments(
                        "[]",
                        "vocab.json: not the JSON that was expected (Expected BEGIN_OBJECT but was BEGIN_ARRAY at line"
                                + " 1"),
                arguments("{}", "merges.txt: line 2: 'c' is no token of the vocabulary"),
                arguments("{\"a\": \"x\"}", "vocab.json: token 'a': expected an id from 0 to 16777216, found STRING"),
                arguments("{\"a\": -1}", "vocab.json: token 'a': expected an id from 0 to 16777216, found -1"),
                arguments(
                        "{\"a\": 99999999999}",
                        "vocab.json: not the JSON that was expected (Expected an int but was 99999999999 at line 1"),
                arguments("{\"a\": 1, \"a\": 2}", "vocab.json: token 'a' is there twice"),
                arguments(
                        "{\"a\": 1} {}", "vocab.json: not the JSON that was expected (malformed at line 1 column 11"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"c", "c a t", " c", "c ", "c  a"})
    void aBrokenMergeIsNamedByItsLine(String line) throws IOException {
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\nc a\n" + line + "\n");
        assertThatThrownBy(this::tokenizer)
                .isInstanceOf(ModelException.class)
                .hasMessage(
                        "%s: line 3: expected two tokens with a blank between them, found '%s'",
                        folder.resolve("merges.txt"), line);
    }

    @Test
    void aMergeOfWhatIsNoTokenIsNamedByItsLine() throws IOException {
        Files.writeString(folder.resolve("merges.txt"), "c a\r\nc dog\r\n");
        assertThatThrownBy(this::tokenizer)
                .hasMessage("%s: line 2: 'dog' is no token of the vocabulary", folder.resolve("merges.txt"));
        Files.writeString(folder.resolve("merges.txt"), "c b\n");
        assertThatThrownBy(this::tokenizer)
                .hasMessage("%s: line 1: 'cb' is no token of the vocabulary", folder.resolve("merges.txt"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"model\": {\"type\": \"Unigram\"}} | model.type: expected BPE, found Unigram",
                "{\"version\": \"1.0\"} | model.vocab: expected an object of tokens and ids, found nothing",
                "{\"model\": {\"vocab\": {\"a\": 1}, \"merges\": [\"a b c\"]}} | model.merges[0]: expected two tokens"
                        + " with a blank between them, found 'a b c'",
                "{\"model\": {\"vocab\": {\"a\": 1}, \"merges\": [[\"a\", \"b\"]]}} | model.merges[0]: 'b' is no token"
                        + " of the vocabulary",
                "{\"added_tokens\": [{\"content\": \"<toy>\"}]} | added_tokens[0]: expected a token and an id from 0 to"
                        + " 16777216, found '<toy>', -1",
                "{\"model\": {\"vocab\": 7}} | not the JSON that was expected (Expected BEGIN_OBJECT but was NUMBER at"
                        + " line 1 column 22 path $.model.vocab)"
            })
    void aBrokenTokenizerJsonGetsOneClearError(String content, String message) throws IOException {
        Files.delete(folder.resolve("vocab.json"));
        Path file = Files.writeString(folder.resolve("tokenizer.json"), content);
        assertThatThrownBy(this::tokenizer)
                .isInstanceOf(ModelException.class)
                .hasMessage("%s: %s".formatted(file, message));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "#version: 0.2\n", "\n\r\n"})
    void refusesMergesThatAreNone(String content) throws IOException {
        Path file = Files.writeString(folder.resolve("merges.txt"), content);
        assertThatThrownBy(this::tokenizer)
                .isInstanceOf(ModelException.class)
                .hasMessage(file + ": expected pairs of tokens, found none");

        Files.delete(file);
        Files.delete(folder.resolve("vocab.json"));
        writeTokenizerJson(new JsonArray(), "[]");
        assertThatThrownBy(this::tokenizer)
                .isInstanceOf(ModelException.class)
                .hasMessage(folder.resolve("tokenizer.json") + ": model.merges: expected pairs of tokens, found none");
    }

    @Test
    void mergesThatAreNoTextAreNamedByTheirLine() throws IOException {
        Files.write(folder.resolve("merges.txt"), new byte[] {'c', ' ', 'a', '\n', 'c', ' ', (byte) 0xFF, '\n'});
        assertThatThrownBy(this::tokenizer)
                .hasMessage("%s: line 2: '\ufffd' is no token of the vocabulary", folder.resolve("merges.txt"));
    }

    @Test
    void saysWhatIsMissing() throws IOException {
        Path nowhere = folder.resolve("nowhere");
        assertThatThrownBy(() -> ClipTokenizer.load(nowhere))
                .hasMessage(nowhere + ": the tokenizer's folder is missing");
        Files.delete(folder.resolve("merges.txt"));
        assertThatThrownBy(this::tokenizer).hasMessage(folder.resolve("merges.txt") + ": the file is missing");
        Files.delete(folder.resolve("vocab.json"));
        assertThatThrownBy(this::tokenizer).hasMessage(folder.resolve("vocab.json") + ": the file is missing");
    }

    @Test
    void refusesOtherKindsOfTokenizer() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"T5Tokenizer\"}");
        assertThatThrownBy(this::tokenizer)
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("tokenizer_class: expected CLIPTokenizer, found \"T5Tokenizer\"");
    }

    @Test
    void aSpecialTokenMustBeInTheVocabulary() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"pad_token\": \"<pad>\"}");
        assertThatThrownBy(this::tokenizer)
                .hasMessage(folder + ": the special token '<pad>' is no token of the vocabulary");
    }

    @Test
    void aByteThatIsNoTokenIsUnknown() throws IOException {
        Map<String, Integer> vocabulary = TinyTokenizer.vocabulary();
        vocabulary.remove("x</w>");
        Files.writeString(folder.resolve("vocab.json"), new Gson().toJson(vocabulary));
        assertThat(tokens("cat x")).containsExactly(CAT, EOS);
    }

    @Test
    void writesBytesAsTheirSymbols() {
        assertThat(Vocabulary.byteSymbols())
                .hasSize(256)
                .doesNotHaveDuplicates()
                .doesNotContain(' ', '\n', '\u00ad');
        assertThat(Vocabulary.byteSymbols()[' ']).isEqualTo('\u0120');
    }

    private ClipTokenizer tokenizer() {
        return ClipTokenizer.load(folder);
    }

    private int[] tokens(String text) {
        return tokenizer().tokenize(text);
    }

    private static int inner(char c) {
        return c;
    }

    private static int last(char c) {
        return 256 + c;
    }
}
