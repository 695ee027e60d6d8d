package dev.aquarelle.cli.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import dev.aquarelle.sd.prompt.PromptEncoder;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Group 03: token ids by prompt. A sub-case gives either all ids of transformers' tokenizer ({@code hf}) or those of fixed length
 * ({@code ids}). What open_clip's tokenizer would give instead is in the files for information; the engine follows transformers.
 */
final class TokenizerGroup implements GoldenGroup {
    private static final Pattern FOLDER = Pattern.compile("[\\w./-]*tokenizer[\\w-]*");

    @Override
    public String name() {
        return "03_tokenizer";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) {
        ClipTokenizer tokenizer = ClipTokenizer.load(golden.model(folder(golden)));
        for (JsonElement element : golden.json().getAsJsonArray("cases")) {
            JsonObject sub = element.getAsJsonObject();
            String text = sub.get("text").getAsString();
            if (sub.has("hf")) {
                check.equal(shown(text), asList(tokenizer.encode(text)), integers(sub, "hf"));
            } else {
                List<Integer> expected = integers(sub, "ids");
                PromptEncoder encoder = new PromptEncoder(tokenizer, expected.size());
                check.equal(shown(text), asList(encoder.encode(text).toArray()), expected);
            }
        }
    }

    /** The first folder of a tokenizer that the case names. */
    private static String folder(GoldenCase golden) {
        JsonObject json = golden.json();
        String text = json.get(json.has("vocabulary") ? "vocabulary" : "what").getAsString();
        Matcher matcher = FOLDER.matcher(text);
        while (matcher.find()) {
            if (matcher.group().contains("_") || matcher.group().contains("/")) {
                return matcher.group().replaceFirst("/[^/]*\\.json$", "");
            }
        }
        throw new GoldenException("%s: expected a tokenizer's folder, found '%s'".formatted(golden.name(), text));
    }

    private static List<Integer> integers(JsonObject sub, String key) {
        return sub.getAsJsonArray(key).asList().stream()
                .map(JsonElement::getAsInt)
                .toList();
    }

    private static List<Integer> asList(int[] ids) {
        return Arrays.stream(ids).boxed().toList();
    }

    private static String shown(String text) {
        return "'%s'".formatted(text.length() <= 40 ? text : text.substring(0, 37) + "...");
    }
}
