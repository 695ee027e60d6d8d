package dev.aquarelle.sd.vae;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * What leads from pictures to latents and back, for a pipeline that need not know which kind it has.
 * <pre>
 * decode   latents [N, h, w, latentChannels]  ->  picture [N, scale h, scale w, outChannels], about -1 to 1, not clamped
 * encode   picture [N, H, W, inChannels]      ->  what {@link #latents} takes
 * </pre>
 *
 * <p>The graphs are in the autoencoder's own scale. A pipeline decodes {@code decode(g, unscale(g, latents))}, and starts from
 * {@code latents(program.run(picture), noise)}.
 */
public sealed interface Autoencoder permits AutoencoderKL, AutoencoderTiny {

    /**
     * Loads a model's folder: {@code config.json}, which says what kind it is, and the weights beside it.
     *
     * @param arena what the mapped weights live with
     * @throws ModelException if the configuration is broken or not supported
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a tensor is missing or has another shape
     */
    static Autoencoder load(Path folder, Arena arena) {
        return load(Weights.open(folder, arena), ModelConfig.read(folder.resolve("config.json")));
    }

    /**
     * Takes the tensors that a configuration calls for; of a tiny autoencoder also those of the original files.
     *
     * @param config the fields of a {@code config.json}; one that names no class is an {@link AutoencoderKL}'s
     * @throws ModelException if the configuration is broken or not supported
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a tensor is missing or has another shape
     */
    static Autoencoder load(Weights weights, ModelConfig config) {
        config.supportOnly("_class_name", "AutoencoderKL", "AutoencoderTiny");
        if (config.string("_class_name", "AutoencoderKL").equals("AutoencoderKL")) {
            return AutoencoderKL.load(weights, VaeConfig.of(config));
        }
        return weights.hasPart("decoder.layers")
                ? AutoencoderTiny.load(weights, AutoencoderTinyConfig.of(config))
                : AutoencoderTiny.loadOriginal(weights);
    }

    /** Channels of the picture that is encoded. */
    int inChannels();

    /** Channels of the picture that is decoded. */
    int outChannels();

    /** Channels of the latents. */
    int latentChannels();

    /** Pixels of the picture for one of the latents, in each direction: 8 in Stable Diffusion. */
    int scale();

    /** Whether it can start from a picture; some checkpoints hold one direction only. */
    boolean hasEncoder();

    /** Latents of the U-Net's scale in the autoencoder's. */
    Value unscale(Graph g, Value latents);

    /**
     * Adds the decoder to a graph: latents {@code [N, h, w, latentChannels]} give {@code [N, scale h, scale w, outChannels]}.
     *
     * @throws ModelException if the checkpoint has no decoder
     */
    Value decode(Graph g, Value latents);

    /**
     * Adds the encoder to a graph: a picture of -1 to 1 {@code [N, H, W, inChannels]} gives what {@link #latents} takes.
     *
     * @throws ModelException if the checkpoint has no encoder
     */
    Value encode(Graph g, Value picture);

    /**
     * The latents of a picture in the U-Net's scale.
     *
     * @param encoded what {@link #encode} gave
     * @param noise gives standard normal noise of a shape; asked once by an autoencoder that draws from a distribution, else never
     */
    Tensor latents(Tensor encoded, Function<Shape, Tensor> noise);

    /** Whether {@link #latents} asks for noise: the encoder gives a distribution. */
    boolean drawsLatents();

    /** The likeliest latents of a picture, in the autoencoder's own scale, of what {@link #encode} gave. */
    Tensor likeliest(Tensor encoded);

    /** {@link #decode} as a graph with the input {@code latents} and one output. */
    default Graph decoderGraph(int batch, int height, int width) {
        return Graph.of(g -> decode(g, g.input("latents", batch, height, width, latentChannels())));
    }

    /** {@link #encode} as a graph with the input {@code picture} and one output; height and width in pixels. */
    default Graph encoderGraph(int batch, int height, int width) {
        return Graph.of(g -> encode(g, g.input("picture", batch, height, width, inChannels())));
    }
}
