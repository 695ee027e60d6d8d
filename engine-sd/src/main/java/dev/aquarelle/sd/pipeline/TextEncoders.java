package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.pipeline.TextEncoder.Use;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * All text encoders of a model: one, or SDXL's two, whose hidden states stand side by side. SDXL's refiner has the second one alone.
 */
final class TextEncoders implements AutoCloseable {
    private static final List<String> ENDINGS = List.of("", "_2");

    private final List<TextEncoder> encoders;

    private TextEncoders(List<TextEncoder> encoders) {
        this.encoders = encoders;
    }

    /**
     * Loads what the model has.
     *
     * @param budget what the programs may take together
     * @throws ModelException if there is none, or one is broken
     */
    static TextEncoders load(ModelSource source, Use use, Arena arena, Backend backend, MemoryBudget budget) {
        List<TextEncoder> encoders = new ArrayList<>();
        TextEncoders all = new TextEncoders(encoders);
        boolean loaded = false;
        try {
            for (String ending : use == Use.SDXL ? ENDINGS : ENDINGS.subList(0, 1)) {
                if (use == Use.STABLE_DIFFUSION || source.has("text_encoder" + ending)) {
                    encoders.add(TextEncoder.load(source, ending, use, arena, backend, budget.minus(all.memory())));
                }
            }
            if (encoders.isEmpty()) {
                throw new ModelException(
                        "%s: the model lacks its text encoders".formatted(source.where("text_encoder_2")));
            }
            loaded = true;
            return all;
        } finally {
            if (!loaded) {
                all.close();
            }
        }
    }

    /** Ids of a prompt: 77. */
    int length() {
        return encoders.getFirst().length();
    }

    /** Width of the hidden states side by side. */
    int width() {
        return encoders.stream().mapToInt(TextEncoder::width).sum();
    }

    /** Width of the pooled vector, 0 if there is none. */
    int pooledDim() {
        return encoders.getLast().pooledDim();
    }

    /** Bytes that the programs take. */
    long memory() {
        return encoders.stream().mapToLong(encoder -> encoder.memory().total()).sum();
    }

    /**
     * Refuses what {@link #encode} would refuse, without computing anything.
     *
     * @throws IllegalArgumentException if a prompt is too long to be one, or there are not so many layers
     */
    void requirePossible(Prompts prompts, int clipSkip) {
        for (int i = 0; i < encoders.size(); i++) {
            encoders.get(i).requirePossible(of(prompts, i), clipSkip);
        }
    }

    /**
     * What the denoiser attends to.
     *
     * @param what the prompts are called in warnings
     * @param clipSkip how many of the last layers are left out
     */
    PromptEmbeds encode(String what, Prompts prompts, int clipSkip, Cancellation cancellation) {
        PromptEmbeds all = encoders.getFirst().embeds(what, of(prompts, 0), clipSkip, cancellation);
        for (int i = 1; i < encoders.size(); i++) {
            PromptEmbeds more = encoders.get(i).embeds(what, of(prompts, i), clipSkip, cancellation);
            all = sideBySide(all, more);
        }
        return all;
    }

    /** How many chunks of tokens texts are, as the web UI cuts them: as many as the encoder needs that needs the most. */
    int chunks(ScheduledTexts.Texts texts) {
        return IntStream.range(0, encoders.size())
                .map(i -> encoders.get(i).chunks(texts.of(i, encoders.size())).size())
                .max()
                .orElseThrow();
    }

    /**
     * What the denoiser attends to of texts with weights, in chunks: {@code [1, chunks * length, width]}, and the pooled vector of the first
     * chunk.
     *
     * @param chunks at least as many as the texts take; the others are of no text
     * @param clipSkip how many of the last layers are left out
     */
    PromptEmbeds encode(ScheduledTexts.Texts texts, int chunks, int clipSkip, Cancellation cancellation) {
        return IntStream.range(0, encoders.size())
                .mapToObj(i -> encoders.get(i).weighted(texts.of(i, encoders.size()), chunks, clipSkip, cancellation))
                .reduce(TextEncoders::sideBySide)
                .orElseThrow();
    }

    private static PromptEmbeds sideBySide(PromptEmbeds first, PromptEmbeds second) {
        return new PromptEmbeds(Latents.joined(first.hiddenStates(), second.hiddenStates()), second.pooled());
    }

    /** The last of two encoders is the second one, and so is the refiner's only one. */
    private List<String> of(Prompts prompts, int encoder) {
        return encoders.size() > 1 && encoder == 1 ? prompts.second() : prompts.first();
    }

    @Override
    public void close() {
        RuntimeException failed = null;
        for (TextEncoder encoder : encoders) {
            try {
                encoder.close();
            } catch (RuntimeException e) {
                if (failed == null) {
                    failed = e;
                } else {
                    failed.addSuppressed(e);
                }
            }
        }
        if (failed != null) {
            throw failed;
        }
    }
}
