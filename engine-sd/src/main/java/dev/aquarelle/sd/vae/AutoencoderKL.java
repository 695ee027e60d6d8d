package dev.aquarelle.sd.vae;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.Layer;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The autoencoder of Stable Diffusion (arXiv:2112.10752): a picture of a fraction of the numbers, and back.
 * <pre>
 * decode   latents [N, h, w, latentChannels]  ->  picture [N, 8 h, 8 w, outChannels], about -1 to 1, not clamped
 * encode   picture [N, H, W, inChannels]      ->  moments [N, H/8, W/8, 2 latentChannels]: means, then logarithms of variances
 * </pre>
 *
 * <p>Both are in the autoencoder's own scale: {@link #unscale} and {@link #latents} lead from and to the U-Net's.
 * Loading maps the weights and checks every shape; no number is read. A checkpoint without {@code encoder} can only decode.
 */
public final class AutoencoderKL implements Autoencoder {
    static final String NO_ENCODER = "this autoencoder has no encoder: it can make pictures, but not start from one";

    private final VaeConfig config;
    private final @Nullable Encoder encoder;
    private final Layer quantConv;
    private final Layer postQuantConv;
    private final Decoder decoder;

    private AutoencoderKL(Weights weights, VaeConfig config) {
        int latents = config.latentChannels();
        boolean encodes = weights.hasPart("encoder");
        this.config = config;
        this.encoder = encodes ? Encoder.load(weights.at("encoder"), config) : null;
        this.quantConv = encodes && config.useQuantConv()
                ? Conv2d.load(weights.at("quant_conv"), 2 * latents, 2 * latents, 1)
                : Layer.IDENTITY;
        this.postQuantConv = config.usePostQuantConv()
                ? Conv2d.load(weights.at("post_quant_conv"), latents, latents, 1)
                : Layer.IDENTITY;
        this.decoder = Decoder.load(weights.at("decoder"), config);
    }

    /**
     * Takes the tensors the configuration calls for; others are ignored.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if one is missing or has another shape
     */
    public static AutoencoderKL load(Weights weights, VaeConfig config) {
        return new AutoencoderKL(weights, config);
    }

    /**
     * Loads a model's folder: {@code config.json} and the weights beside it.
     *
     * @param arena what the mapped weights live with
     * @throws ModelException if the configuration is broken or not supported
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a tensor is missing or has another shape
     */
    public static AutoencoderKL load(Path folder, Arena arena) {
        return load(Weights.open(folder, arena), VaeConfig.read(folder.resolve("config.json")));
    }

    /** What the model was loaded by. */
    public VaeConfig config() {
        return config;
    }

    @Override
    public int inChannels() {
        return config.inChannels();
    }

    @Override
    public int outChannels() {
        return config.outChannels();
    }

    @Override
    public int latentChannels() {
        return config.latentChannels();
    }

    @Override
    public int scale() {
        return config.scale();
    }

    @Override
    public boolean hasEncoder() {
        return encoder != null;
    }

    /** Latents of the U-Net's scale in the autoencoder's: divided by the scaling factor, the shift added. */
    @Override
    public Value unscale(Graph g, Value latents) {
        return latentScale().unscale(g, latents);
    }

    @Override
    public Value decode(Graph g, Value latents) {
        return decoder.forward(g, "decoder", postQuantConv.forward(g, "post_quant_conv", latents));
    }

    /**
     * Adds the encoder to a graph: a picture of -1 to 1 {@code [N, H, W, inChannels]} gives the moments {@code [N, H/8, W/8, 2 latentChannels]}
     * that {@link DiagonalGaussian} takes apart. H and W are multiples of {@link VaeConfig#scale}, else the rest is cut off.
     *
     * @throws ModelException if the checkpoint has no encoder
     */
    @Override
    public Value encode(Graph g, Value picture) {
        if (encoder == null) {
            throw new ModelException(NO_ENCODER);
        }
        return quantConv.forward(g, "quant_conv", encoder.forward(g, "encoder", picture));
    }

    /** Draws the latents from the distribution that {@link #encode} gave, and scales them for the U-Net. */
    @Override
    public Tensor latents(Tensor encoded, Function<Shape, Tensor> noise) {
        DiagonalGaussian gaussian = DiagonalGaussian.of(encoded);
        return latentScale().scale(gaussian.sample(noise.apply(gaussian.mean().shape())));
    }

    @Override
    public boolean drawsLatents() {
        return true;
    }

    @Override
    public Tensor likeliest(Tensor encoded) {
        return DiagonalGaussian.of(encoded).mean();
    }

    private LatentScale latentScale() {
        return new LatentScale(config.scalingFactor(), config.shiftFactor());
    }
}
