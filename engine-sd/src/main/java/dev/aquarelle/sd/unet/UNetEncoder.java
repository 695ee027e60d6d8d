package dev.aquarelle.sd.unet;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.Transformer2D;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The first half of the U, the way down and the middle: what a denoiser and a ControlNet have in common. It is used in two calls, since a
 * ControlNet adds its picture in between:
 * <pre>
 * convIn   sample of the inputs [N, H, W, inChannels]  gives x    [N, H, W, C]
 * forward  x                                           gives what is left for the way up, and the middle's output
 * </pre>
 */
public final class UNetEncoder {
    private final UNetConfig config;
    private final Conv2d convIn;
    private final TimeConditioning timeConditioning;
    private final List<DownBlock> downBlocks;
    private final @Nullable MidBlock midBlock;

    private UNetEncoder(Weights weights, UNetConfig config) {
        int outermost = config.downBlocks().getFirst().channels();
        this.config = config;
        this.convIn = Conv2d.load(weights.at("conv_in"), config.inChannels(), outermost, config.convInKernel());
        this.timeConditioning = TimeConditioning.load(weights, config);
        this.downBlocks = loadDownBlocks(weights, config);
        this.midBlock =
                config.midBlock() == null ? null : MidBlock.load(weights.at("mid_block"), config.midBlock(), config);
    }

    /**
     * Takes {@code conv_in}, {@code time_embedding}, {@code down_blocks}, {@code mid_block} and so on from a checkpoint.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a tensor is missing or has another shape
     */
    public static UNetEncoder load(Weights weights, UNetConfig config) {
        return new UNetEncoder(weights, config);
    }

    /**
     * What the first half makes.
     *
     * @param temb what all residual blocks are told, {@code [N, timeEmbedDim]}
     * @param skips what is left for the way up, as {@link UNetConfig#skips} lists it
     * @param mid the middle's output {@code [N, H', W', C]}
     */
    public record Features(Value temb, List<Value> skips, Value mid) {}

    /** The first convolution of the sample: {@code [N, H, W, C]}. */
    public Value convIn(Graph g, UNetInputs in) {
        Value x = config.centerInputSample() ? g.scale(in.sample(), 2, -1) : in.sample();
        return convIn.forward(g, "conv_in", x);
    }

    /** The way down from x {@code [N, H, W, C]} and the middle; with a T2I-Adapter's features, if the inputs have them. */
    public Features forward(Graph g, Value x, UNetInputs in) {
        Value temb = timeConditioning.forward(g, in);
        List<Value> adapter = in.steering().adapterFeatures();
        Deque<Value> skips = new ArrayDeque<>();
        skips.push(x);
        for (int i = 0; i < downBlocks.size(); i++) {
            Value feature = i < adapter.size() ? adapter.get(i) : null;
            try (var _ = g.scope("down_blocks." + i)) {
                x = downBlocks.get(i).forward(g, x, temb, in.context(), feature, skips);
            }
        }
        if (midBlock != null) {
            try (var _ = g.scope("mid_block")) {
                x = midBlock.forward(g, x, temb, in.context());
            }
            if (adapter.size() > downBlocks.size()) {
                x = g.add(x, adapter.getLast());
            }
        }
        return new Features(temb, List.copyOf(skips).reversed(), x);
    }

    private static List<DownBlock> loadDownBlocks(Weights weights, UNetConfig config) {
        List<DownBlock> blocks = new ArrayList<>();
        int channels = config.downBlocks().getFirst().channels();
        for (int i = 0; i < config.downBlocks().size(); i++) {
            blocks.add(DownBlock.load(weights.at("down_blocks." + i), i, channels, config));
            channels = config.downBlocks().get(i).channels();
        }
        return List.copyOf(blocks);
    }

    static Transformer2D loadTransformer(Weights weights, UNetConfig.Block block, UNetConfig config) {
        return Transformer2D.load(
                weights,
                block.channels(),
                block.crossAttentionDim(),
                block.heads(),
                block.transformerLayers(),
                config.norm().groups(),
                block.onlyCrossAttention());
    }
}
