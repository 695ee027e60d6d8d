package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.clip.ClipVisionModel;
import dev.aquarelle.sd.unet.UNetConfig;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A picture as a prompt (Ye et al., arXiv:2308.06721): its tokens are looked at beside the text by keys and values that are laid over the
 * denoiser's weights. The base, "plus" and "full face" variants.
 * <pre>
 * Weights weights = IPAdapter.laidOver(unetWeights, config, List.of(adapter));    then load the denoiser of these
 * Program encoder = backend.compile(adapter.graph(clipVision, 1, n, n));          run once, gives ip_hidden_states [2 n, T, C]
 * Program denoiser = backend.compile(unet.graph(sizes, Steering.Kinds.ofImage(adapter.tokens(clipVision))));
 * </pre>
 */
public final class IPAdapter {
    private final String where;
    private final ImageProjection projection;
    private final Weights attentions;
    private final int count;

    private IPAdapter(Weights weights) {
        this.where = weights.where();
        this.projection = ImageProjection.load(weights.at("image_proj"));
        this.attentions = weights.at("ip_adapter");
        this.count = (int) attentions.names().stream()
                .filter(name -> name.endsWith(".to_k_ip.weight"))
                .count();
    }

    /**
     * Loads the safetensors file of an adapter: {@code image_proj} and {@code ip_adapter}.
     *
     * @param arena what the mapped weights live with
     * @throws ModelException if it is something else, or an adapter of a kind that is not supported
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if the file is damaged, or a tensor is missing or has another shape
     */
    public static IPAdapter load(Path file, Arena arena) {
        return load(Weights.open(file, arena));
    }

    /** Takes the tensors of an open file; see {@link #load(Path, Arena)}. */
    public static IPAdapter load(Weights weights) {
        if (!weights.hasPart("image_proj") || !weights.hasPart("ip_adapter")) {
            throw new ModelException(
                    "%s: expected an IP-Adapter, found no image_proj and ip_adapter".formatted(weights.where()));
        }
        return new IPAdapter(weights);
    }

    /** The file it was loaded from, for messages. */
    public String where() {
        return where;
    }

    /** How many tokens one picture becomes. */
    public int tokens(ClipVisionModel encoder) {
        return projection.tokens(encoder.config().tokens());
    }

    /**
     * A denoiser's weights, and under the names that diffusers gives them the keys and values of adapters, the first of which is {@code
     * attn2.processor.to_k_ip.0}. Nothing is copied.
     *
     * @throws ModelException if an adapter is made for another denoiser
     */
    public static Weights laidOver(Weights unet, UNetConfig config, List<IPAdapter> adapters) {
        Weights weights = unet;
        for (int i = 0; i < adapters.size(); i++) {
            IPAdapter adapter = adapters.get(i);
            weights = weights.with(adapter.where, adapter.tensors(unet.where(), config, i));
        }
        return weights;
    }

    /** Files count the attentions through, those to the pixels too: the first to the text is 1, the second 3. */
    private Map<String, Tensor> tensors(String unet, UNetConfig config, int index) {
        List<String> names = crossAttentions(config);
        if (names.size() != count || projection.crossAttentionDim() != config.crossAttentionDim()) {
            throw new ModelException(
                    "%s: this IP-Adapter does not fit %s: expected %d attentions to tokens of width %d, found %d of width %d"
                            .formatted(
                                    where,
                                    unet,
                                    names.size(),
                                    config.crossAttentionDim(),
                                    count,
                                    projection.crossAttentionDim()));
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            for (String which : List.of("to_k_ip", "to_v_ip")) {
                tensors.put(
                        "%s.processor.%s.%d.weight".formatted(names.get(i), which, index),
                        attentions.get("%d.%s.weight".formatted(2 * i + 1, which)));
            }
        }
        return tensors;
    }

    /** In the order of diffusers' {@code attn_processors}: the way down, the way up, the middle. */
    private static List<String> crossAttentions(UNetConfig config) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < config.downBlocks().size(); i++) {
            UNetConfig.Block block = config.downBlocks().get(i);
            addNames(names, "down_blocks." + i, block, block.layers());
        }
        for (int i = 0; i < config.upBlocks().size(); i++) {
            UNetConfig.Block block = config.upBlocks().get(i);
            addNames(names, "up_blocks." + i, block, block.layers());
        }
        if (config.midBlock() != null) {
            addNames(names, "mid_block", config.midBlock(), 1);
        }
        return names;
    }

    private static void addNames(List<String> names, String block, UNetConfig.Block config, int transformers) {
        for (int i = 0; config.crossAttention() && i < transformers; i++) {
            for (int layer = 0; layer < config.transformerLayers(); layer++) {
                names.add("%s.attentions.%d.transformer_blocks.%d.attn2".formatted(block, i, layer));
            }
        }
    }

    /**
     * A graph that makes tokens of pictures, run once before the first step.
     * <pre>
     * pixel_values      [images, imageSize, imageSize, 3], see {@link dev.aquarelle.sd.image.ClipImage}
     * ip_hidden_states  [negatives + positives, images * tokens, crossAttentionDim]
     * </pre>
     *
     * @param images pictures of one prompt; their tokens stand one after the other
     * @param negatives for how many samples of the denoiser's batch, the first ones, no picture is to be seen (guidance)
     * @param positives for how many samples behind them the pictures are
     * @throws ModelException if the adapter takes the output of another encoder
     */
    public Graph graph(ClipVisionModel encoder, int images, int negatives, int positives) {
        int given = projection.takesVector()
                ? encoder.config().projectionDim()
                : encoder.config().layer().hiddenSize();
        if (given != projection.inputDim()) {
            throw new ModelException(
                    "%s: this IP-Adapter needs another image encoder: expected one of width %d, found %d"
                            .formatted(where, projection.inputDim(), given));
        }
        int size = encoder.config().imageSize();
        return Graph.build(g -> {
            Value pixels = g.input("pixel_values", images, size, size, 3);
            List<Value> samples = new ArrayList<>();
            if (negatives > 0) {
                Value[] copies =
                        Collections.nCopies(images, noPicture(g, encoder)).toArray(Value[]::new);
                samples.addAll(Collections.nCopies(negatives, g.concat(1, copies)));
            }
            Value tokens = project(g, picture(g, encoder, pixels));
            Shape shape = tokens.shape();
            samples.addAll(Collections.nCopies(positives, g.reshape(tokens, 1, images * shape.dim(1), shape.last())));
            g.output("ip_hidden_states", g.concat(0, samples.toArray(Value[]::new)));
        });
    }

    private Value picture(Graph g, ClipVisionModel encoder, Value pixels) {
        try (var _ = g.scope("image_encoder")) {
            List<Value> states = encoder.hiddenStates(g, pixels);
            return projection.takesVector() ? encoder.imageEmbeds(g, states.getLast()) : states.get(states.size() - 2);
        }
    }

    /** As in the reference: a vector of zeros, or the hidden states of an image of zeros. */
    private Value noPicture(Graph g, ClipVisionModel encoder) {
        int size = encoder.config().imageSize();
        return project(
                g,
                projection.takesVector()
                        ? zeros(g, 1, projection.inputDim())
                        : picture(g, encoder, zeros(g, 1, size, size, 3)));
    }

    private Value project(Graph g, Value x) {
        try (var _ = g.scope("image_proj")) {
            return projection.forward(g, x);
        }
    }

    private static Value zeros(Graph g, int... dims) {
        Shape shape = Shape.of(dims);
        return g.constant("no_picture", Tensor.of(new float[Math.toIntExact(shape.size())], dims));
    }
}
