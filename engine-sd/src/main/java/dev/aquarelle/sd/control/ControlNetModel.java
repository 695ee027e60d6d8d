package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.ScalarInput;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetEncoder;
import dev.aquarelle.sd.unet.UNetInputs;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A copy of the denoiser's first half that also sees a picture of edges, depth, a pose and the like, and says what to add to the denoiser's
 * skip connections and middle (Zhang et al., arXiv:2302.05543). Names and arrangement are those of diffusers' class of the same name.
 *
 * <p>{@link ControlNets} makes the graph of one or several.
 */
public final class ControlNetModel {
    private static final float GUESS_MODE_START = -1; // the decimal logarithm of the outermost residual's weight

    private final String where;
    private final ControlNetConfig config;
    private final ControlNetConditioningEmbedding controlnetCondEmbedding;
    private final UNetEncoder encoder;
    private final List<Conv2d> controlnetDownBlocks;
    private final Conv2d controlnetMidBlock;

    private ControlNetModel(Weights weights, ControlNetConfig config) {
        this.where = weights.where();
        this.config = config;
        this.controlnetCondEmbedding =
                ControlNetConditioningEmbedding.load(weights.at("controlnet_cond_embedding"), config);
        this.encoder = UNetEncoder.load(weights, config.encoder());
        List<Conv2d> blocks = new ArrayList<>();
        for (UNetConfig.Skip skip : config.encoder().skips()) {
            blocks.add(pointwise(weights, "controlnet_down_blocks." + blocks.size(), skip));
        }
        this.controlnetDownBlocks = List.copyOf(blocks);
        this.controlnetMidBlock = pointwise(
                weights, "controlnet_mid_block", config.encoder().skips().getLast());
    }

    private static Conv2d pointwise(Weights weights, String name, UNetConfig.Skip skip) {
        return Conv2d.load(weights.at(name), skip.channels(), skip.channels(), 1);
    }

    /**
     * Takes the tensors the configuration calls for, by diffusers' names; others are ignored.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if one is missing or has another shape
     */
    public static ControlNetModel load(Weights weights, ControlNetConfig config) {
        return new ControlNetModel(weights, config);
    }

    /**
     * Loads a ControlNet as it is found: a folder in the layout of diffusers, or a safetensors file in this layout or in the one of the first
     * release ({@code control_model.input_blocks}). A file without a {@code config.json} beside it is told by its tensors.
     *
     * @param arena what the mapped weights live with
     * @throws dev.aquarelle.sd.ModelException if it is something else than a ControlNet, or one of a kind that is not supported
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if the file is damaged, or a tensor is missing or has another shape
     */
    public static ControlNetModel load(Path path, Arena arena) {
        return ControlNetFile.load(path, arena);
    }

    /** What the model was loaded by. */
    public ControlNetConfig config() {
        return config;
    }

    /** The file it was loaded from, for messages. */
    public String where() {
        return where;
    }

    /**
     * What is added to the denoiser, already times the scales.
     *
     * @param down for each of {@link UNetConfig#skips}, {@code [N, H', W', C]}
     * @param mid for the middle, {@code [N, H', W', C]}
     */
    public record Residuals(List<Value> down, Value mid) {
        public Residuals {
            down = List.copyOf(down);
        }
    }

    /**
     * Adds one call to a graph.
     *
     * @param in the denoiser's own inputs
     * @param picture {@code [N, 8 H, 8 W, 3]} from 0 to 1, or {@code [1, 8 H, 8 W, 3]} for all samples
     * @param scales a number for each residual, the middle's last: {@code [residuals]}, see {@link #scales}
     */
    public Residuals forward(Graph g, UNetInputs in, Value picture, Value scales) {
        Value hint = controlnetCondEmbedding.forward(g, "controlnet_cond_embedding", inOrder(g, picture));
        Value x = g.add(encoder.convIn(g, in), forEachSample(g, hint));
        UNetEncoder.Features features = encoder.forward(g, x, in);
        List<Value> down = new ArrayList<>();
        for (int i = 0; i < controlnetDownBlocks.size(); i++) {
            Value residual = controlnetDownBlocks
                    .get(i)
                    .forward(g, "controlnet_down_blocks." + i, features.skips().get(i));
            down.add(scaled(g, residual, scales, i));
        }
        Value mid = controlnetMidBlock.forward(g, "controlnet_mid_block", features.mid());
        return new Residuals(down, scaled(g, mid, scales, down.size()));
    }

    /**
     * The numbers that residuals are multiplied by, {@code [residuals]}.
     *
     * @param conditioningScale 1 for the strength the model was trained with, 0 for nothing
     * @param guessMode whether the outer ones count less, a tenth for the first (where the prompt is left out)
     */
    public Tensor scales(float conditioningScale, boolean guessMode) {
        float[] scales = new float[config.residuals()];
        Arrays.fill(scales, conditioningScale);
        if (guessMode && !config.globalPoolConditions()) {
            for (int i = 0; i < scales.length; i++) {
                double exponent = GUESS_MODE_START * (1 - (double) i / (scales.length - 1));
                scales[i] = (float) Math.pow(10, exponent) * conditioningScale;
            }
        }
        return Tensor.of(scales, scales.length);
    }

    private Value inOrder(Graph g, Value picture) {
        return config.bgr()
                ? g.concat(3, g.slice(picture, 3, 2, 3), g.slice(picture, 3, 1, 2), g.slice(picture, 3, 0, 1))
                : picture;
    }

    /** A map that is the same for all samples loses its axis N, so that adding it repeats it. */
    private static Value forEachSample(Graph g, Value map) {
        Shape shape = map.shape();
        return shape.dim(0) == 1 ? g.reshape(map, shape.dim(1), shape.dim(2), shape.last()) : map;
    }

    private Value scaled(Graph g, Value residual, Value scales, int index) {
        Value scaled = ScalarInput.multiply(g, residual, g.slice(scales, 0, index, index + 1));
        return config.globalPoolConditions() ? pooled(g, scaled) : scaled;
    }

    /** The mean over a map, everywhere in it. */
    private static Value pooled(Graph g, Value map) {
        Shape shape = map.shape();
        int n = shape.dim(0);
        int pixels = shape.dim(1) * shape.dim(2);
        float[] shares = new float[n * pixels];
        Arrays.fill(shares, 1f / pixels);
        Value mean = g.matMul(
                g.constant("global_pool", Tensor.of(shares, n, 1, pixels)), g.reshape(map, n, pixels, shape.last()));
        return g.upsampleNearest(g.reshape(mean, n, 1, 1, shape.last()), shape.dim(1), shape.dim(2));
    }
}
