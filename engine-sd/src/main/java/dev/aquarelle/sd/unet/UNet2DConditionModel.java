package dev.aquarelle.sd.unet;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.GroupNorm;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The denoiser of Stable Diffusion (arXiv:2112.10752): what noise, or what mixture of noise and picture, is in these latents, given the
 * timestep and the text. Names and arrangement are those of diffusers' class of the same name.
 * <pre>
 * sample               [N, H, W, inChannels]
 * timestep             [N]
 * encoderHiddenStates  [N, S, crossAttentionDim]
 * result               [N, H, W, outChannels]
 * </pre>
 *
 * <p>Loading maps the weights and checks every shape; no number is read.
 */
public final class UNet2DConditionModel {
    private final UNetConfig config;
    private final UNetEncoder encoder;
    private final List<UpBlock> upBlocks;
    private final GroupNorm convNormOut;
    private final Conv2d convOut;

    private UNet2DConditionModel(Weights weights, UNetConfig config) {
        int outermost = config.downBlocks().getFirst().channels();
        this.config = config;
        this.encoder = UNetEncoder.load(weights, config);
        this.upBlocks = loadUpBlocks(weights, config);
        this.convNormOut = GroupNorm.load(
                weights.at("conv_norm_out"),
                outermost,
                config.norm().groups(),
                config.norm().epsilon());
        this.convOut = Conv2d.load(weights.at("conv_out"), outermost, config.outChannels(), config.convOutKernel());
    }

    /**
     * Takes the tensors the configuration calls for; others are ignored.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if one is missing or has another shape
     */
    public static UNet2DConditionModel load(Weights weights, UNetConfig config) {
        return new UNet2DConditionModel(weights, config);
    }

    /**
     * Loads a model's folder: {@code config.json} and the weights beside it.
     *
     * @param arena what the mapped weights live with
     * @throws dev.aquarelle.sd.ModelException if the configuration is broken or not supported
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a tensor is missing or has another shape
     */
    public static UNet2DConditionModel load(Path folder, Arena arena) {
        return load(Weights.open(folder, arena), UNetConfig.read(folder.resolve("config.json")));
    }

    /** What the model was loaded by. */
    public UNetConfig config() {
        return config;
    }

    /** A graph of one call, with the inputs that {@link UNetInputs} lists and one output. */
    public Graph graph(UNetInputs.Sizes sizes) {
        return graph(sizes, Steering.Kinds.NONE);
    }

    /** A graph of one call that is steered, with the inputs that {@link UNetInputs} and {@link Steering} list and one output. */
    public Graph graph(UNetInputs.Sizes sizes, Steering.Kinds steering) {
        return graph(sizes, steering, UNetVariant.PLAIN);
    }

    /**
     * A graph of one call that is steered and computed sooner, with the inputs that {@link UNetInputs} and {@link Steering} list. Of deep
     * blocks that are kept or given there is {@value UNetVariant#DEEP_FEATURES} {@code [N, H, W, C]} as a second output or a last input.
     */
    public Graph graph(UNetInputs.Sizes sizes, Steering.Kinds steering, UNetVariant variant) {
        return Graph.build(g -> {
            UNetInputs in = UNetInputs.declare(g, config, sizes, steering).with(variant.merging(config, sizes));
            List<Value> kept = new ArrayList<>();
            Value prediction = forward(g, in, deep -> switch (variant.deep()) {
                case COMPUTED -> deep;
                case KEPT -> {
                    kept.add(deep);
                    yield deep;
                }
                case GIVEN -> g.input(UNetVariant.DEEP_FEATURES, deep.shape().dims()); // what makes it goes unused
            });
            g.output("out", prediction);
            kept.forEach(deep -> g.output(UNetVariant.DEEP_FEATURES, deep));
        });
    }

    /** Adds one call to a graph; gives the prediction {@code [N, H, W, outChannels]}. */
    public Value forward(Graph g, UNetInputs in) {
        return forward(g, in, UnaryOperator.identity());
    }

    private Value forward(Graph g, UNetInputs in, UnaryOperator<Value> deepFeatures) {
        UNetEncoder.Features down = encoder.forward(g, encoder.convIn(g, in), in);
        Steering steering = in.steering();
        Deque<Value> skips = new ArrayDeque<>();
        for (int i = 0; i < down.skips().size(); i++) {
            Value skip = down.skips().get(i);
            skips.push(
                    steering.downResiduals().isEmpty()
                            ? skip
                            : g.add(skip, steering.downResiduals().get(i)));
        }
        Value x = steering.midResidual() == null ? down.mid() : g.add(down.mid(), steering.midResidual());
        for (int i = 0; i < upBlocks.size(); i++) {
            try (var _ = g.scope("up_blocks." + i)) {
                UnaryOperator<Value> beforeLast = i == upBlocks.size() - 1 ? deepFeatures : UnaryOperator.identity();
                x = upBlocks.get(i).forward(g, x, down.temb(), in.context(), skips, beforeLast);
            }
        }
        x = g.silu(convNormOut.forward(g, "conv_norm_out", x));
        return convOut.forward(g, "conv_out", x);
    }

    private static List<UpBlock> loadUpBlocks(Weights weights, UNetConfig config) {
        List<UpBlock> blocks = new ArrayList<>();
        Iterator<UNetConfig.Skip> skips = config.skips().reversed().iterator();
        int channels = config.downBlocks().getLast().channels();
        for (int i = 0; i < config.upBlocks().size(); i++) {
            UNetConfig.Block block = config.upBlocks().get(i);
            List<Integer> skipChannels = new ArrayList<>();
            for (int layer = 0; layer < block.layers(); layer++) {
                skipChannels.add(skips.next().channels());
            }
            blocks.add(UpBlock.load(weights.at("up_blocks." + i), i, channels, skipChannels, config));
            channels = block.channels();
        }
        return List.copyOf(blocks);
    }
}
