package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.pipeline.ScheduledTexts.Texts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads prompts as the web interface of AUTOMATIC1111 does. Clip skip is for the negative prompt too.
 *
 * <p>Prompts of different lengths are filled up as there: the texts of one schedule by chunks of no text, the parts of a composed prompt by
 * their last token's states again, and the shorter one of prompt and negative prompt by chunks of no text, which the web interface does with
 * its setting "Pad prompt/negative prompt".
 *
 * @param prompts counted as the pass's steps are
 * @param steps of the pass
 */
record WebUiReader(SettledRequest s, WebUiPrompts prompts, Conditioner conditioner, PassSteps steps)
        implements PromptReader {
    private static final Texts NOTHING = new Texts("", "");

    private TextEncoders encoders() {
        return conditioner.model().textEncoders();
    }

    @Override
    public void requirePossible() {
        encoders().requirePossible(Prompts.of(List.of("")), s.text().clipSkip());
        chunks();
    }

    @Override
    public int tokens() {
        return encoders().length() * chunks();
    }

    private int chunks() {
        return s.guidance().looks() == prompts.parts().size()
                ? positiveChunks()
                : Math.max(positiveChunks(), chunks(prompts.negative()));
    }

    private int positiveChunks() {
        return prompts.parts().stream().mapToInt(this::chunks).max().orElseThrow();
    }

    private int chunks(ScheduledTexts texts) {
        return texts.all().stream().mapToInt(encoders()::chunks).max().orElseThrow();
    }

    @Override
    public long bytes() {
        long rows = (long) s.samples() + prompts.negative().all().size();
        for (ScheduledTexts part : prompts.parts()) {
            rows += part.all().size();
        }
        return rows * tokens() * encoders().width() * Float.BYTES;
    }

    @Override
    public ConditioningSchedule schedule(int calls, @Nullable Tensor channels, Cancellation cancellation) {
        List<EncodedTexts> looks = looks(cancellation);
        return new PromptsBySteps(steps, calls, looks, embeds -> {
            PromptEmbeds rows = PromptEmbeds.concatenated(embeds.stream()
                    .flatMap(look -> Collections.nCopies(s.batch(), look).stream())
                    .toArray(PromptEmbeds[]::new));
            Conditioning told = conditioner.around(s, rows);
            return channels == null ? told : told.withChannels(channels);
        });
    }

    /** What each look is told, in the order of {@link ComposedGuidance}, {@link Guidance} or {@link InstructGuidance}. */
    private List<EncodedTexts> looks(Cancellation cancellation) {
        PromptEmbeds nothing = encoders().encode(NOTHING, 1, s.text().clipSkip(), cancellation);
        int tokens = tokens();
        int positive = encoders().length() * positiveChunks();
        List<EncodedTexts> looks = new ArrayList<>();
        for (ScheduledTexts part : prompts.parts()) {
            looks.add(encoded(part, cancellation)
                    .with(embeds -> embeds.withLastRepeated(positive).followedBy(nothing, tokens)));
        }
        if (s.guidance().looks() > looks.size()) {
            EncodedTexts negative = prompts.noNegative() && conditioner.zeroNegative()
                    ? EncodedTexts.of(prompts.negative(), _ -> nothing.zeros())
                    : encoded(prompts.negative(), cancellation);
            EncodedTexts filled = negative.with(embeds -> embeds.followedBy(nothing, tokens));
            if (s.guidance() instanceof InstructGuidance) {
                looks.add(filled);
                looks.add(filled);
            } else {
                looks.addFirst(filled);
            }
        }
        return looks;
    }

    private EncodedTexts encoded(ScheduledTexts texts, Cancellation cancellation) {
        int chunks = chunks(texts);
        return EncodedTexts.of(
                texts, text -> encoders().encode(text, chunks, s.text().clipSkip(), cancellation));
    }
}
