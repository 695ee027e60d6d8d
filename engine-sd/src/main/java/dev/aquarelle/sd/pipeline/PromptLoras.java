package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.lora.LoraWeight;
import dev.aquarelle.sd.prompt.PromptStyle;
import dev.aquarelle.sd.prompt.TaggedPrompt;
import java.util.ArrayList;
import java.util.List;

/** The LoRAs that prompts name in themselves. */
final class PromptLoras {
    private PromptLoras() {}

    /**
     * A request's add-ons with those of its prompts, behind its own.
     *
     * @throws IllegalArgumentException if there is no such file, or a tag is broken
     */
    static AddOns added(TextToImage text) {
        AddOns addOns = text.addOns();
        for (TaggedPrompt.Tag tag : tags(text)) {
            LoraFinder finder = addOns.lorasByName();
            if (finder == null) {
                throw new IllegalArgumentException(
                        "prompt: <lora:%s>: expected a folder of LoRAs in the request's add-ons, found none"
                                .formatted(tag.name()));
            }
            addOns = addOns.with(new Lora(finder.find(tag.name()), LoraWeight.of(tag.unet(), tag.textEncoder())));
        }
        return addOns;
    }

    private static List<TaggedPrompt.Tag> tags(TextToImage text) {
        if (text.promptStyle() == PromptStyle.PLAIN) {
            return List.of();
        }
        WebUiPrompts.requireLengths(text);
        List<TaggedPrompt.Tag> tags =
                new ArrayList<>(TaggedPrompt.of(text.prompt()).loras());
        String second = text.sdxl().prompt2();
        if (second != null) {
            tags.addAll(TaggedPrompt.of(second).loras());
        }
        return tags;
    }
}
