package dev.aquarelle.cli.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.aquarelle.sd.pipeline.Prompts;
import dev.aquarelle.sd.pipeline.SdxlOptions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a pipeline case calls diffusers' pipeline with.
 *
 * @param prompts one for each picture
 * @param negativePrompts likewise
 * @param zeroNegative whether there is no negative prompt at all
 * @param sdxl what SDXL is told beside
 * @param control how a ControlNet counts, if there is one
 * @param strength how much of the steps is made, of a case that starts from an image
 * @param guidanceScale above 1 there is guidance
 * @param clipSkip of the prompts; negative ones use the last layer, as diffusers does
 */
record PipelineCall(
        Prompts prompts,
        Prompts negativePrompts,
        boolean zeroNegative,
        SdxlOptions sdxl,
        int steps,
        double guidanceScale,
        double guidanceRescale,
        double eta,
        int clipSkip,
        double strength,
        @Nullable Control control) {
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
            "clip_skip",
            "strength",
            "prompt_2",
            "negative_prompt_2",
            "original_size",
            "crops_coords_top_left",
            "target_size",
            "controlnet_conditioning_scale",
            "control_guidance_start",
            "control_guidance_end",
            "guess_mode");
    private static final Set<String> PARAMS = Set.of(
            "model",
            "unet",
            "seed",
            "call",
            "scheduler",
            "timesteps",
            "noise_order",
            "image_layout",
            "prompt_embeds_layout",
            "prompt",
            "negative_prompt",
            "clip_skip",
            "lora",
            "scale",
            "token",
            "reference");

    /** How a ControlNet counts, and in which part of the steps. */
    record Control(double scale, double start, double end, boolean guessMode) {}

    /**
     * @throws UnsupportedCaseException if the case asks for something else
     */
    static PipelineCall of(JsonObject params) {
        if (!params.has("call")) {
            throw new UnsupportedCaseException("cases without a call of a pipeline");
        }
        JsonObject call = params.getAsJsonObject("call");
        requireKnown(params, PARAMS);
        requireKnown(call, CALL);
        JsonElement prompt = call.has("prompt") ? call.get("prompt") : params.get("prompt");
        JsonElement negative =
                call.has("negative_prompt") ? call.get("negative_prompt") : params.get("negative_prompt");
        int count = texts(prompt, 1).size();
        int each = integer(call, "num_images_per_prompt", 1);
        return new PipelineCall(
                prompts(prompt, call.get("prompt_2"), count, each),
                prompts(negative, call.get("negative_prompt_2"), count, each),
                negative == null || negative.isJsonNull(),
                SdxlOptions.DEFAULT.withSizes(
                        size(call, "original_size"),
                        pair(call, "crops_coords_top_left")[0],
                        pair(call, "crops_coords_top_left")[1],
                        size(call, "target_size")),
                integer(call, "num_inference_steps", 50),
                number(call, "guidance_scale", 7.5),
                number(call, "guidance_rescale", 0),
                number(call, "eta", 0),
                integer(call.has("clip_skip") ? call : params, "clip_skip", 0),
                number(call, "strength", 1),
                call.has("controlnet_conditioning_scale") ? control(call) : null);
    }

    private static Control control(JsonObject call) {
        return new Control(
                number(call, "controlnet_conditioning_scale", 1),
                number(call, "control_guidance_start", 0),
                number(call, "control_guidance_end", 1),
                call.has("guess_mode") && call.get("guess_mode").getAsBoolean());
    }

    private static Prompts prompts(@Nullable JsonElement first, @Nullable JsonElement second, int count, int each) {
        List<String> texts = repeated(texts(first, count), each);
        return new Prompts(texts, second == null ? texts : repeated(texts(second, count), each));
    }

    private static SdxlOptions.@Nullable Size size(JsonObject call, String key) {
        int[] heightAndWidth = pair(call, key);
        return call.has(key) ? new SdxlOptions.Size(heightAndWidth[1], heightAndWidth[0]) : null;
    }

    private static int[] pair(JsonObject call, String key) {
        return call.has(key)
                ? call.getAsJsonArray(key).asList().stream()
                        .mapToInt(JsonElement::getAsInt)
                        .toArray()
                : new int[2];
    }

    private static void requireKnown(JsonObject json, Set<String> known) {
        for (String key : json.keySet()) {
            if (!known.contains(key)) {
                throw new UnsupportedCaseException("pipelines with " + key);
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
