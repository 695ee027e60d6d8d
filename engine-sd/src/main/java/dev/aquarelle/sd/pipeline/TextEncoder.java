package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.MemoryPlan;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.clip.ClipTextConfig;
import dev.aquarelle.sd.clip.ClipTextModel;
import dev.aquarelle.sd.prompt.ClipTokenizer;
import dev.aquarelle.sd.prompt.Emphasis;
import dev.aquarelle.sd.prompt.PromptAttention;
import dev.aquarelle.sd.prompt.PromptChunk;
import dev.aquarelle.sd.prompt.PromptEncoder;
import dev.aquarelle.sd.prompt.TokenIds;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * From prompts to what the denoiser attends to: tokenizer, text model and the program a backend made of it.
 * The hidden states of the last few prompts are kept, so that a negative prompt is encoded once for many pictures.
 *
 * <p>Safe for use from several threads, which wait for one another.
 */
public final class TextEncoder implements AutoCloseable {
    private static final Logger LOG = System.getLogger(TextEncoder.class.getName());
    private static final String HIDDEN_STATES = "hidden_states";
    private static final String POOLED = "pooled";
    private static final int KEPT_PROMPTS = 32; // 240 KB each in Stable Diffusion 1

    private final PromptEncoder prompts;
    private final ClipTextModel model;
    private final Use use;
    private final Backend backend;
    private final MemoryBudget budget;
    private final boolean pooling;
    private final Map<Key, PromptEmbeds> kept = new LinkedHashMap<>(16, 0.75f, true);
    private final MemoryPlan memory;
    private @Nullable Program program;
    private int programClipSkip;

    /** Which of a text model's states the denoiser was trained with. */
    enum Use {
        /** The last layer's, through the final norm. */
        STABLE_DIFFUSION,
        /** The last but one's as they are, and the pooled vector where the model has a projection for it. */
        SDXL
    }

    /** What hidden states depend on. */
    private record Key(List<Integer> ids, int clipSkip) {}

    /**
     * Puts the parts together.
     *
     * @param backend what computes; stays open
     * @param budget what the program may take beyond the mapped weights
     * @throws ModelException if the tokenizer has ids that the text model has no row for
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if the program would take more than it may
     */
    public TextEncoder(ClipTokenizer tokenizer, ClipTextModel model, Backend backend, MemoryBudget budget) {
        this(tokenizer, model, Use.STABLE_DIFFUSION, backend, budget);
    }

    TextEncoder(ClipTokenizer tokenizer, ClipTextModel model, Use use, Backend backend, MemoryBudget budget) {
        ClipTextConfig config = model.config();
        if (tokenizer.size() > config.vocabSize()) {
            throw new ModelException(
                    "text encoder: expected a vocab_size of at least %d, which the tokenizer has ids for, found %d"
                            .formatted(tokenizer.size(), config.vocabSize()));
        }
        this.prompts = new PromptEncoder(tokenizer, Math.min(tokenizer.maxLength(), config.maxPositionEmbeddings()));
        this.model = model;
        this.use = use;
        this.pooling = use == Use.SDXL && model.textProjection() != null;
        this.backend = backend;
        this.budget = budget;
        Program all = compile(0, Cancellation.NEVER);
        this.program = all;
        this.memory = all.memory();
    }

    /**
     * Loads {@code tokenizer} and {@code text_encoder} of a Stable Diffusion 1 or 2 model.
     *
     * @param arena what the mapped weights live with; must outlive the text encoder
     * @param backend what computes; stays open
     * @param budget what the program may take beyond the mapped weights
     * @throws ModelException if a file is missing or broken, or the architecture is not supported
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if the weights are broken or do not fit the config
     * @throws dev.aquarelle.core.memory.MemoryBudgetException if the program would take more than it may
     */
    public static TextEncoder load(ModelSource source, Arena arena, Backend backend, MemoryBudget budget) {
        return load(source, "", Use.STABLE_DIFFUSION, arena, backend, budget);
    }

    /** The one whose parts have the given ending: {@code _2} for SDXL's second. */
    static TextEncoder load(
            ModelSource source, String ending, Use use, Arena arena, Backend backend, MemoryBudget budget) {
        String part = "text_encoder" + ending;
        ClipTextConfig config = ClipTextConfig.of(source.config(part));
        ClipTextModel model = ClipTextModel.load(source.weights(part, arena), config);
        return new TextEncoder(source.tokenizer("tokenizer" + ending), model, use, backend, budget);
    }

    /** Ids of a prompt: 77. */
    public int length() {
        return prompts.length();
    }

    /** Width of a hidden state: the denoiser's {@code cross_attention_dim}. */
    public int width() {
        return model.config().hiddenSize();
    }

    /** How many layers there are to leave out, so that one is left: the largest {@code clipSkip}. */
    public int maxClipSkip() {
        return model.config().numHiddenLayers() - (use == Use.SDXL ? 2 : 1);
    }

    /** Width of the pooled vector, 0 if there is none. */
    int pooledDim() {
        return pooling ? model.config().projectionDim() : 0;
    }

    /** What the program takes in memory, at most: with all layers. */
    public MemoryPlan memory() {
        return memory;
    }

    /** The token ids of a prompt, and how many more were cut; computes nothing else. */
    public TokenIds tokens(String prompt) {
        return prompts.encode(prompt);
    }

    /**
     * Refuses what {@link #encode(List, int, Cancellation)} would refuse, without computing anything.
     *
     * @throws IllegalArgumentException if a prompt is longer than {@link PromptEncoder#MAX_CHARS}, or there are not so many layers
     */
    public void requirePossible(List<String> prompts, int clipSkip) {
        requireClipSkip(clipSkip);
        prompts.forEach(this::tokens);
    }

    private void requireClipSkip(int clipSkip) {
        if (clipSkip < 0 || clipSkip > maxClipSkip()) {
            throw new IllegalArgumentException(
                    "clipSkip: expected 0 to %d, found %d".formatted(maxClipSkip(), clipSkip));
        }
    }

    /** {@link #encode(List, int, Cancellation)} of all layers, which only an interrupt of the thread stops. */
    public Tensor encode(String... prompts) {
        return encode(List.of(prompts), 0, Cancellation.NEVER);
    }

    /**
     * The hidden states of prompts, F32 {@code [N, length, width]}, each the same whatever stands beside it. Of a prompt that is too long
     * the end is cut, with a warning in the log.
     *
     * @param clipSkip how many of the last layers are left out, usually 0
     * @return a tensor of the caller's own
     * @throws IllegalArgumentException if a prompt is longer than {@link PromptEncoder#MAX_CHARS}, or there are not so many layers
     * @throws ModelException if they are not finite
     * @throws java.util.concurrent.CancellationException if the token was cancelled or the thread interrupted
     */
    public Tensor encode(List<String> prompts, int clipSkip, Cancellation cancellation) {
        return encode("the prompt", prompts, clipSkip, cancellation);
    }

    /** The hidden states alone, of prompts that the warning calls something. */
    Tensor encode(String what, List<String> prompts, int clipSkip, Cancellation cancellation) {
        return embeds(what, prompts, clipSkip, cancellation).hiddenStates();
    }

    /** All that there is of prompts that the warning calls something. */
    synchronized PromptEmbeds embeds(String what, List<String> prompts, int clipSkip, Cancellation cancellation) {
        return PromptEmbeds.concatenated(prompts.stream()
                .map(prompt -> embedsOf(what, prompt, clipSkip, cancellation))
                .toArray(PromptEmbeds[]::new));
    }

    /** The chunks of a text with weights, as the web UI cuts it; at least one. Computes nothing else. */
    List<PromptChunk> chunks(String text) {
        return PromptChunk.of(prompts.tokenizer(), PromptAttention.parse(text), length(), PromptChunk.COMMA_BACKTRACK);
    }

    /**
     * What there is of a text with weights, each chunk encoded alone and weighted, one behind the other: {@code [1, count * length, width]}.
     * The pooled vector is that of the first chunk, which weights leave as it is.
     *
     * @param count of chunks, at least as many as the text takes; the others are of no text
     * @throws ModelException if the numbers are not finite, be it by weights beyond all measure
     */
    synchronized PromptEmbeds weighted(String text, int count, int clipSkip, Cancellation cancellation) {
        List<PromptChunk> chunks = new ArrayList<>(chunks(text));
        while (chunks.size() < count) {
            chunks.addAll(chunks(""));
        }
        List<Tensor> states = new ArrayList<>();
        Tensor pooled = null;
        for (PromptChunk chunk : chunks) {
            PromptEmbeds embeds = embedsOf(chunk.ids(), clipSkip, cancellation);
            Tensor rows = embeds.hiddenStates().reshape(length(), width());
            states.add(Emphasis.ORIGINAL.apply(rows, chunk.weights()));
            pooled = pooled == null ? embeds.pooled() : pooled;
        }
        Tensor all = Latents.concatenated(states.toArray(Tensor[]::new));
        Finite.require("the prompt", "its weights are beyond all measure", all);
        return new PromptEmbeds(all.reshape(1, chunks.size() * length(), width()), pooled);
    }

    private PromptEmbeds embedsOf(String what, String prompt, int clipSkip, Cancellation cancellation) {
        TokenIds tokens = tokens(prompt);
        if (tokens.truncated() > 0) {
            LOG.log(
                    Level.WARNING,
                    "{0} has {1} tokens, of which the last {2} are cut: \"{3}\"",
                    what,
                    length() - 2 + tokens.truncated(),
                    tokens.truncated(),
                    shortened(prompt));
        }
        return embedsOf(tokens.toArray(), clipSkip, cancellation);
    }

    private PromptEmbeds embedsOf(int[] ids, int clipSkip, Cancellation cancellation) {
        Key key = new Key(Arrays.stream(ids).boxed().toList(), clipSkip);
        PromptEmbeds found = kept.get(key);
        if (found != null) {
            return found;
        }
        PromptEmbeds result = compute(ids, clipSkip, cancellation);
        kept.put(key, result);
        if (kept.size() > KEPT_PROMPTS) {
            kept.remove(kept.keySet().iterator().next()); // in order of use: the one not asked for the longest
        }
        return result;
    }

    private PromptEmbeds compute(int[] ids, int clipSkip, Cancellation cancellation) {
        Program text = programFor(clipSkip, cancellation);
        Tensor input = Tensor.of(ids, 1, length());
        if (!pooling) {
            return new PromptEmbeds(copied(text.run(cancellation, input)), null);
        }
        int position = model.config().pooledPosition(ids);
        Tensor states = copied(text.run(cancellation, input, Tensor.of(new int[] {position}, 1)));
        return new PromptEmbeds(states, copied(text.output(POOLED)));
    }

    private static Tensor copied(Tensor result) {
        Finite.require(Programs.TEXT_ENCODER, Finite.WEIGHTS, result);
        return Tensor.of(result.toFloatArray(), result.shape().dims());
    }

    private Program programFor(int clipSkip, Cancellation cancellation) {
        Program found = program;
        if (found != null && clipSkip == programClipSkip) {
            return found;
        }
        closeProgram(); // before the other is made: the budget holds one
        Program other = compile(clipSkip, cancellation);
        program = other;
        programClipSkip = clipSkip;
        return other;
    }

    private Program compile(int clipSkip, Cancellation cancellation) {
        requireClipSkip(clipSkip);
        Graph graph = Graph.build(g -> declare(g, clipSkip));
        return Programs.compile(backend, graph, Programs.TEXT_ENCODER, budget, 0, cancellation);
    }

    private void declare(Graph g, int clipSkip) {
        Value ids = g.input("ids", DType.I32, 1, prompts.length());
        if (use == Use.STABLE_DIFFUSION) {
            g.output(HIDDEN_STATES, model.promptEmbeds(g, ids, clipSkip));
            return;
        }
        List<Value> states = model.hiddenStates(g, ids);
        g.output(HIDDEN_STATES, states.get(states.size() - 2 - clipSkip));
        if (pooling) {
            Value positions = g.input("positions", DType.I32, 1);
            g.output(POOLED, model.pooled(g, model.normalized(g, states.getLast()), positions));
        }
    }

    private void closeProgram() {
        Program closing = program;
        program = null;
        if (closing != null) {
            closing.close();
        }
    }

    /** Frees the program. Tensors that were returned stay readable. */
    @Override
    public synchronized void close() {
        closeProgram();
        kept.clear();
    }

    private static String shortened(String prompt) {
        return prompt.length() <= 80 ? prompt : prompt.substring(0, 77) + "...";
    }
}
