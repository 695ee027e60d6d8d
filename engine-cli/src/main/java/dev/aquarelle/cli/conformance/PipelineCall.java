package dev.aquarelle.cli.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a pipeline case calls diffusers' pipeline with.
 *
 * @param prompts one for each picture
 * @param negativePrompts likewise
 * @param guidanceScale above 1 there is guidance
 * @param clipSkip of the prompts; negative ones use the last layer, as diffusers does
 */
record PipelineCall(
        List<String> prompts,
        List<String> negativePrompts,
        int steps,
        double guidanceScale,
        double guidanceRescale,
        double eta,
        int clipSkip) {
    private static final Set<String> CALL = Set.of(
            "prompt",
            "negative_prompt",
            "height",
            "width",
            "num_inference_steps",
            "guidance_scale",
            "guidance_rescale",
            "num_images_per_prompt",
            "eta",
            "clip_skip");
    private static final Set<String> PARAMS = Set.of(
            "model",
            "seed",
            "call",
            "scheduler",
            "timesteps",
            "noise_order",
            "image_layout",
            "prompt_embeds_layout",
            "prompt",
            "negative_prompt",
            "clip_skip");

    /** What a case is about that has such a parameter. */
    private static final Map<String, String> REASONS = Map.of(
            "controlnet_conditioning_scale", "ControlNet",
            "lora", "LoRA",
            "token", "textual inversion",
            "strength", "image to image",
            "unet", "inpainting models",
            "prompt_2", "SDXL",
            "original_size", "SDXL");

    /**
     * @throws UnsupportedCaseException if the case asks for more than text to image
     */
    static PipelineCall of(JsonObject params) {
        if (!params.has("call")) {
            throw new UnsupportedCaseException("cases without a call of a pipeline");
        }
        JsonObject call = params.getAsJsonObject("call");
        requireKnown(params, PARAMS);
        requireKnown(call, CALL);
        List<String> prompts = texts(call.has("prompt") ? call.get("prompt") : params.get("prompt"), 1);
        JsonElement negative =
                call.has("negative_prompt") ? call.get("negative_prompt") : params.get("negative_prompt");
        int each = integer(call, "num_images_per_prompt", 1);
        return new PipelineCall(
                repeated(prompts, each),
                repeated(texts(negative, prompts.size()), each),
                integer(call, "num_inference_steps", 50),
                number(call, "guidance_scale", 7.5),
                number(call, "guidance_rescale", 0),
                number(call, "eta", 0),
                integer(call.has("clip_skip") ? call : params, "clip_skip", 0));
    }

    private static void requireKnown(JsonObject json, Set<String> known) {
        for (String key : json.keySet()) {
            if (!known.contains(key)) {
                throw new UnsupportedCaseException(REASONS.getOrDefault(key, "pipelines with " + key));
            }
        }
    }

    /** A list of texts; one text as many times as there are pictures, none as empty ones. */
    private static List<String> texts(@Nullable JsonElement json, int count) {
        if (json == null || json.isJsonNull()) {
            return Collections.nCopies(count, "");
        }
        return json.isJsonArray()
                ? json.getAsJsonArray().asList().stream()
                        .map(JsonElement::getAsString)
                        .toList()
                : Collections.nCopies(count, json.getAsString());
    }

    private static List<String> repeated(List<String> texts, int times) {
        List<String> repeated = new ArrayList<>();
        texts.forEach(text -> repeated.addAll(Collections.nCopies(times, text)));
        return List.copyOf(repeated);
    }

    private static double number(JsonObject json, String key, double absent) {
        return json.has(key) && !json.get(key).isJsonNull() ? json.get(key).getAsDouble() : absent;
    }

    private static int integer(JsonObject json, String key, int absent) {
        return (int) number(json, key, absent);
    }
}
