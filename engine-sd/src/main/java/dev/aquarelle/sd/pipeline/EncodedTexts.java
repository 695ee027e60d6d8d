package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.pipeline.ScheduledTexts.Texts;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * A prompt by steps with what the text encoders make of it, all of one length.
 *
 * @param embeds of each text, {@code [1, S, width]}
 */
record EncodedTexts(ScheduledTexts texts, Map<Texts, PromptEmbeds> embeds) {

    static EncodedTexts of(ScheduledTexts texts, Function<Texts, PromptEmbeds> encoder) {
        Map<Texts, PromptEmbeds> embeds = new LinkedHashMap<>();
        texts.all().forEach(text -> embeds.put(text, encoder.apply(text)));
        return new EncodedTexts(texts, embeds);
    }

    /** Those of a step, counted from 0: the same object as long as the text is the same. */
    PromptEmbeds at(int step) {
        return Objects.requireNonNull(embeds.get(texts.at(step)));
    }

    /** With something done to all of them. */
    EncodedTexts with(UnaryOperator<PromptEmbeds> change) {
        Map<Texts, PromptEmbeds> changed = new LinkedHashMap<>();
        embeds.forEach((text, embed) -> changed.put(text, change.apply(embed)));
        return new EncodedTexts(texts, changed);
    }
}
