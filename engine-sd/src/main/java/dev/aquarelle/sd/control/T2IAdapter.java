package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.PixelUnshuffle;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A small network that makes features of a picture of edges, depth, a pose and the like, which are added on the denoiser's way down (Mou et
 * al., arXiv:2302.08453). It knows neither noise nor time: it runs once for a picture.
 *
 * <p>{@link T2IAdapters} makes the graph of one or several.
 */
public final class T2IAdapter {
    private final String where;
    private final T2IAdapterConfig config;
    private final @Nullable Conv2d convIn;
    private final List<AdapterBlock> body;

    private T2IAdapter(Weights weights, T2IAdapterConfig config) {
        this.where = weights.where();
        this.config = config;
        boolean light = config.type() == T2IAdapterConfig.Type.LIGHT;
        Weights adapter = weights.at("adapter");
        int channels = light ? config.unshuffledChannels() : config.channels().getFirst();
        this.convIn = light ? null : Conv2d.load(adapter.at("conv_in"), config.unshuffledChannels(), channels, 3);
        List<AdapterBlock> blocks = new ArrayList<>();
        for (int i = 0; i < config.features().size(); i++) {
            int out = config.features().get(i).channels();
            Weights block = adapter.at("body." + i);
            blocks.add(
                    light
                            ? AdapterBlock.loadLight(block, channels, out, config.numResBlocks(), config.isHalved(i))
                            : AdapterBlock.load(block, channels, out, config.numResBlocks(), config.isHalved(i)));
            channels = out;
        }
        this.body = List.copyOf(blocks);
    }

    /**
     * Takes the tensors the configuration calls for, by diffusers' names; others are ignored.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if one is missing or has another shape
     */
    public static T2IAdapter load(Weights weights, T2IAdapterConfig config) {
        return new T2IAdapter(weights, config);
    }

    /**
     * Loads an adapter as it is found: a folder in the layout of diffusers, or a safetensors file in this layout or in that of the first
     * release ({@code body.0.block1}). A file without a {@code config.json} beside it is told by its tensors.
     *
     * @param arena what the mapped weights live with
     * @throws dev.aquarelle.sd.ModelException if it is something else than a T2I-Adapter
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if the file is damaged, or a tensor is missing or has another shape
     */
    public static T2IAdapter load(Path path, Arena arena) {
        return T2IAdapterFile.load(path, arena);
    }

    /** What the model was loaded by. */
    public T2IAdapterConfig config() {
        return config;
    }

    /** The file it was loaded from, for messages. */
    public String where() {
        return where;
    }

    /**
     * Adds one call to a graph; gives the features as {@link T2IAdapterConfig#features} lists them, {@code [N, H', W', C]} each.
     *
     * @param picture {@code [N, H, W, inChannels]} from 0 to 1, in pixels, height and width multiples of the downscale factor
     */
    public List<Value> forward(Graph g, Value picture) {
        Value x = new PixelUnshuffle(config.downscaleFactor()).forward(g, picture);
        List<Value> features = new ArrayList<>();
        try (var _ = g.scope("adapter")) {
            if (convIn != null) {
                x = convIn.forward(g, "conv_in", x);
            }
            for (int i = 0; i < body.size(); i++) {
                x = body.get(i).forward(g, "body." + i, x);
                features.add(x);
            }
        }
        return List.copyOf(features);
    }
}
