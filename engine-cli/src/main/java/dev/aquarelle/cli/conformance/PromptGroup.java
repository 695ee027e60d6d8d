package dev.aquarelle.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.sd.prompt.PromptAttention;
import dev.aquarelle.sd.prompt.WeightedText;
import java.util.ArrayList;
import java.util.List;

/** Group 04: weights in prompts. Texts are compared as they are, weights within the case's {@code weight_abs}. */
final class PromptGroup implements GoldenGroup {

    @Override
    public String name() {
        return "04_prompt_weighting";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) {
        JsonObject json = golden.json();
        double tolerance = json.getAsJsonObject("tolerance").get("weight_abs").getAsDouble();
        for (JsonElement element : json.getAsJsonArray("cases")) {
            JsonObject sub = element.getAsJsonObject();
            String prompt = sub.get("prompt").getAsString();
            List<WeightedText> expected = parts(sub.getAsJsonArray("expected"));
            check.equal(
                    "'%s'".formatted(prompt), rounded(PromptAttention.parse(prompt), expected, tolerance), expected);
        }
    }

    private static List<WeightedText> parts(JsonArray array) {
        List<WeightedText> parts = new ArrayList<>();
        for (JsonElement element : array) {
            JsonArray part = element.getAsJsonArray();
            parts.add(new WeightedText(part.get(0).getAsString(), part.get(1).getAsDouble()));
        }
        return parts;
    }

    /** What was found, with the expected weight where that is as near as it must be. */
    private static List<WeightedText> rounded(List<WeightedText> found, List<WeightedText> expected, double tolerance) {
        List<WeightedText> rounded = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            WeightedText part = found.get(i);
            boolean near = i < expected.size()
                    && Math.abs(part.weight() - expected.get(i).weight()) <= tolerance;
            rounded.add(near ? new WeightedText(part.text(), expected.get(i).weight()) : part);
        }
        return rounded;
    }
}
