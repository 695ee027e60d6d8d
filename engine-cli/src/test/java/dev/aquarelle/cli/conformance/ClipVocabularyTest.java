package dev.aquarelle.cli.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The vocabulary that comes with the engine is that of published models. */
class ClipVocabularyTest {
    private static final Path GOLDEN = Path.of("src/test/golden");
    private static final Path FOLDER = GOLDEN.resolve("tokenizer_clip");

    private static List<String> texts() {
        return Json.readObject(GOLDEN.resolve("03_tokenizer/prompts.json")).getAsJsonArray("cases").asList().stream()
                .map(sub -> sub.getAsJsonObject().get("text").getAsString())
                .toList();
    }

    private static void assertSame(ClipTokenizer actual, ClipTokenizer expected) {
        for (String text : texts()) {
            assertThat(actual.encode(text)).as(text).isEqualTo(expected.encode(text));
        }
        assertThat(List.of(actual.bosId(), actual.eosId(), actual.padId(), actual.maxLength(), actual.size()))
                .isEqualTo(List.of(
                        expected.bosId(), expected.eosId(), expected.padId(), expected.maxLength(), expected.size()));
    }

    @Test
    void idsAreThoseOfTheGoldenFiles() {
        ClipTokenizer tokenizer = ClipTokenizer.ofClip(ClipTokenizer.END_OF_TEXT);

        for (JsonElement element :
                Json.readObject(GOLDEN.resolve("03_tokenizer/prompts.json")).getAsJsonArray("cases")) {
            if (element.getAsJsonObject().has("hf")) {
                int[] expected = element.getAsJsonObject().getAsJsonArray("hf").asList().stream()
                        .mapToInt(JsonElement::getAsInt)
                        .toArray();
                assertThat(tokenizer.encode(
                                element.getAsJsonObject().get("text").getAsString()))
                        .isEqualTo(expected);
            }
        }
        assertSame(tokenizer, ClipTokenizer.load(FOLDER));
    }

    @Test
    void everyTokenHasTheIdThatItHasThere() {
        ClipTokenizer tokenizer = ClipTokenizer.ofClip(ClipTokenizer.END_OF_TEXT);
        ClipTokenizer folder = ClipTokenizer.load(FOLDER);

        Json.readObject(FOLDER.resolve("vocab.json")).keySet().stream()
                .map(token -> token.replace("</w>", ""))
                .forEach(word -> assertThat(tokenizer.tokenize(word)).as(word).isEqualTo(folder.tokenize(word)));
    }

    @Test
    void anotherPaddingIsFoundInPromptsToo(@TempDir Path other) throws IOException {
        for (String file : List.of("vocab.json", "merges.txt")) {
            Files.copy(FOLDER.resolve(file), other.resolve(file));
        }
        for (String file : List.of("tokenizer_config.json", "special_tokens_map.json")) {
            String text = Files.readString(FOLDER.resolve(file));
            Files.writeString(
                    other.resolve(file), text.replace("\"pad_token\": \"<|endoftext|>\"", "\"pad_token\": \"!\""));
        }

        ClipTokenizer tokenizer = ClipTokenizer.ofClip(ClipTokenizer.EXCLAMATION_MARK);

        assertSame(tokenizer, ClipTokenizer.load(other));
        assertThat(tokenizer.padId()).isZero();
        assertThat(Arrays.stream(tokenizer.tokenize("an owl!")).boxed().toList())
                .endsWith(0);
    }
}
