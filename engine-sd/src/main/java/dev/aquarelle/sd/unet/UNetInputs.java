package dev.aquarelle.sd.unet;

import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.nn.EncoderHiddenStates;
import dev.aquarelle.sd.nn.TokenMerging;
import org.jspecify.annotations.Nullable;

/**
 * What a denoiser is given, declared as inputs of a graph in the order of the components here (absent ones left out). The first two change
 * with every step of a picture; what depends on the others alone is computed once.
 *
 * @param sample the noisy latents {@code [N, H, W, inChannels]}
 * @param timestep where in the noise schedule each sample is, {@code [N]}; may be fractional
 * @param encoderHiddenStates the text {@code [N, S, crossAttentionDim]}
 * @param textEmbeds the pooled text {@code [N, P]} (SDXL)
 * @param timeIds original height and width, crop top and left, target height and width {@code [N, 6]} (SDXL)
 * @param timestepCond an embedding of the guidance scale {@code [N, timeCondProjDim]} (LCM)
 * @param steering what a ControlNet and others add, mostly nothing
 * @param merging of tokens in self-attention, mostly none; no input
 */
public record UNetInputs(
        Value sample,
        Value timestep,
        Value encoderHiddenStates,
        @Nullable Value textEmbeds,
        @Nullable Value timeIds,
        @Nullable Value timestepCond,
        Steering steering,
        TokenMerging merging) {

    /**
     * The sizes that a configuration leaves open.
     *
     * @param batch samples, N
     * @param height rows of latents, H: any, though sizes that are no multiple of what the downsamplers halve lose a little quality
     * @param width columns of latents, W
     * @param tokens of text, S
     * @param pooledDim width of the pooled text, P; 0 where the model takes none
     */
    public record Sizes(int batch, int height, int width, int tokens, int pooledDim) {
        /** For a model without pooled text. */
        public Sizes(int batch, int height, int width, int tokens) {
            this(batch, height, width, tokens, 0);
        }
    }

    /**
     * Declares the inputs that a model of this configuration takes when nothing steers it.
     *
     * @throws ModelException if the model takes a pooled text and its width does not fit
     */
    public static UNetInputs declare(Graph g, UNetConfig config, Sizes sizes) {
        return declare(g, config, sizes, Steering.Kinds.NONE);
    }

    /**
     * Declares the inputs that a model of this configuration takes, those that steer it last.
     *
     * @throws ModelException if the model takes a pooled text and its width does not fit, or cannot be steered so
     */
    public static UNetInputs declare(Graph g, UNetConfig config, Sizes sizes, Steering.Kinds steering) {
        int n = sizes.batch();
        return new UNetInputs(
                g.input("sample", n, sizes.height(), sizes.width(), config.inChannels()),
                g.input("timestep", n),
                g.input("encoder_hidden_states", n, sizes.tokens(), config.crossAttentionDim()),
                config.textTime() == null ? null : g.input("text_embeds", n, sizes.pooledDim()),
                config.textTime() == null
                        ? null
                        : g.input("time_ids", n, timeIds(config.textTime(), sizes.pooledDim())),
                config.timeCondProjDim() == 0 ? null : g.input("timestep_cond", n, config.timeCondProjDim()),
                Steering.declare(g, config, sizes, steering),
                TokenMerging.NONE);
    }

    /** The same with tokens merged. */
    UNetInputs with(TokenMerging merging) {
        return new UNetInputs(
                sample, timestep, encoderHiddenStates, textEmbeds, timeIds, timestepCond, steering, merging);
    }

    /** What the pixels look at. */
    EncoderHiddenStates context() {
        return new EncoderHiddenStates(encoderHiddenStates, steering.imagePrompts(), merging);
    }

    /**
     * How many numbers on sizes a model takes beside a pooled text.
     *
     * @throws ModelException if the widths do not fit
     */
    public static int timeIds(UNetConfig.TextTime textTime, int pooledDim) {
        int rest = textTime.inputDim() - pooledDim;
        if (pooledDim <= 0 || rest <= 0 || rest % textTime.timeEmbedDim() != 0) {
            throw new ModelException(
                    "the U-Net's added condition is %d wide: a pooled text of %d leaves %d, no multiple of %d for each number"
                            .formatted(textTime.inputDim(), pooledDim, rest, textTime.timeEmbedDim()));
        }
        return rest / textTime.timeEmbedDim();
    }
}
