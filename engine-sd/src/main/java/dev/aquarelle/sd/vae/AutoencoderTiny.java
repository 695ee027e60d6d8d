package dev.aquarelle.sd.vae;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.nn.Layer;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The tiny autoencoder for Stable Diffusion (TAESD, madebyollin/taesd): two small residual networks that do approximately what
 * {@link AutoencoderKL} does in a fraction of the time.
 * <pre>
 * decode   latents [N, h, w, latentChannels]  ->  picture [N, 8 h, 8 w, outChannels], about -1 to 1, not clamped
 * encode   picture [N, H, W, inChannels]      ->  latents [N, H/8, W/8, latentChannels]
 * </pre>
 *
 * <p>The latents are the U-Net's; there is no distribution to draw from. Loading maps the weights and checks every shape; no number is read.
 */
public final class AutoencoderTiny implements Autoencoder {
    private final AutoencoderTinyConfig config;
    private final @Nullable Layer encoder;
    private final @Nullable Layer decoder;

    private AutoencoderTiny(AutoencoderTinyConfig config, @Nullable Layer encoder, @Nullable Layer decoder) {
        this.config = config;
        this.encoder = encoder;
        this.decoder = decoder;
    }

    /**
     * Takes the tensors the configuration calls for by diffusers' names; others are ignored. A checkpoint without {@code encoder} can
     * only decode.
     *
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if one is missing or has another shape
     */
    public static AutoencoderTiny load(Weights weights, AutoencoderTinyConfig config) {
        Layer encoder = weights.hasPart("encoder")
                ? TinyCoders.encoder(
                        weights.at("encoder.layers"), config.encoder(), config.inChannels(), config.latentChannels())
                : null;
        Layer decoder = TinyCoders.decoder(
                weights.at("decoder.layers"), config.decoder(), config.latentChannels(), config.outChannels(), 0);
        return new AutoencoderTiny(config, encoder, decoder);
    }

    /**
     * Loads a model's folder, {@code config.json} and the weights beside it, or a file of weights as {@link #loadOriginal} takes it.
     *
     * @param arena what the mapped weights live with
     * @throws ModelException if the configuration is broken or not supported
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a tensor is missing or has another shape
     */
    public static AutoencoderTiny load(Path folderOrFile, Arena arena) {
        if (Files.isDirectory(folderOrFile)) {
            AutoencoderTinyConfig config = AutoencoderTinyConfig.read(folderOrFile.resolve("config.json"));
            return load(Weights.open(folderOrFile, arena), config);
        }
        return loadOriginal(Weights.open(folderOrFile, arena));
    }

    /**
     * Takes files without a configuration: the original {@code taesd_encoder} and {@code taesd_decoder}, whose layers have bare numbers,
     * or both ways in one file. What is in them is told by the tensors; one way alone is enough for that way.
     *
     * @param files in any order
     * @throws ModelException if they hold neither way, or two ways that do not belong together
     * @throws dev.aquarelle.core.safetensors.SafetensorsException if a tensor is missing, has another shape or is not known
     */
    public static AutoencoderTiny loadOriginal(Weights... files) {
        TinyLayout encoder = only("encoder", TinyLayout::encoder, files);
        TinyLayout decoder = only("decoder", TinyLayout::decoder, files);
        TinyLayout any = decoder != null ? decoder : encoder;
        if (any == null) {
            throw new ModelException(
                    "%s: expected the layers of a tiny autoencoder, found none".formatted(names(files)));
        }
        TinyLayout from = encoder != null ? encoder : any;
        int latents = decoder != null ? decoder.in() : any.out();
        if (encoder != null && (encoder.out() != latents || !levels(encoder).equals(levels(any)))) {
            throw new ModelException(
                    "%s: the encoder gives %d channels over %d levels, the decoder takes %d over %d: expected the same"
                            .formatted(names(files), encoder.out(), levels(encoder), latents, levels(any)));
        }
        AutoencoderTinyConfig config = new AutoencoderTinyConfig(
                encoder != null ? encoder.in() : any.out(),
                decoder != null ? decoder.out() : any.in(),
                latents,
                from.levels(),
                any.levels(),
                1,
                0);
        return new AutoencoderTiny(config, encoder(encoder), decoder(decoder));
    }

    private static @Nullable TinyLayout only(
            String way, Function<Weights, @Nullable TinyLayout> reader, Weights... files) {
        List<TinyLayout> found = Arrays.stream(files)
                .map(reader)
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .toList();
        if (found.size() > 1) {
            throw new ModelException("%s: expected one %s, found %d".formatted(names(files), way, found.size()));
        }
        return found.isEmpty() ? null : found.getFirst();
    }

    private static Integer levels(TinyLayout layout) {
        return layout.levels().blocks().size();
    }

    private static String names(Weights... files) {
        return String.join(", ", Arrays.stream(files).map(Weights::where).toList());
    }

    private static @Nullable Layer encoder(@Nullable TinyLayout layout) {
        return layout == null ? null : TinyCoders.encoder(layout.weights(), layout.levels(), layout.in(), layout.out());
    }

    private static @Nullable Layer decoder(@Nullable TinyLayout layout) {
        return layout == null
                ? null
                : TinyCoders.decoder(layout.weights(), layout.levels(), layout.in(), layout.out(), layout.first());
    }

    /** What the model was loaded by, or what its tensors say. */
    public AutoencoderTinyConfig config() {
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

    /** Whether it can make a picture; some checkpoints hold one direction only. */
    public boolean hasDecoder() {
        return decoder != null;
    }

    @Override
    public Value unscale(Graph g, Value latents) {
        return latentScale().unscale(g, latents);
    }

    @Override
    public Value decode(Graph g, Value latents) {
        if (decoder == null) {
            throw new ModelException("this autoencoder has no decoder: it can start from a picture, but not make one");
        }
        return decoder.forward(g, "decoder", latents);
    }

    /** Adds the encoder to a graph: a picture of -1 to 1 gives latents {@code [N, H/8, W/8, latentChannels]}, sizes rounded up. */
    @Override
    public Value encode(Graph g, Value picture) {
        if (encoder == null) {
            throw new ModelException(AutoencoderKL.NO_ENCODER);
        }
        return encoder.forward(g, "encoder", picture);
    }

    @Override
    public Tensor latents(Tensor encoded, Function<Shape, Tensor> noise) {
        return latentScale().scale(encoded);
    }

    @Override
    public boolean drawsLatents() {
        return false;
    }

    @Override
    public Tensor likeliest(Tensor encoded) {
        return encoded;
    }

    private LatentScale latentScale() {
        return new LatentScale(config.scalingFactor(), config.shiftFactor());
    }
}
