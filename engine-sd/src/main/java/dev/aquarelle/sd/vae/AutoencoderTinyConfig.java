package dev.aquarelle.sd.vae;

import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;

/**
 * What {@code config.json} says of a tiny autoencoder, after diffusers' {@code AutoencoderTiny}.
 *
 * @param inChannels channels of the picture that is encoded
 * @param outChannels channels of the picture that is decoded
 * @param latentChannels channels of the latents, 4 in Stable Diffusion
 * @param encoder the way from a picture
 * @param decoder the way to a picture
 * @param scalingFactor what latents are multiplied by for the U-Net, after {@code shiftFactor} is taken off: 1, as it is trained on the
 *     U-Net's latents
 * @param shiftFactor 0 mostly
 */
public record AutoencoderTinyConfig(
        int inChannels,
        int outChannels,
        int latentChannels,
        Levels encoder,
        Levels decoder,
        float scalingFactor,
        float shiftFactor) {
    private static final int LARGEST = 1 << 16;
    private static final int MOST_LEVELS = 16;
    private static final int MOST_BLOCKS = 64;

    /**
     * One of the two ways.
     *
     * @param channels of all its feature maps
     * @param blocks residual blocks of each level, in the order they are computed; there is a factor of 2 between levels
     */
    public record Levels(int channels, List<Integer> blocks) {
        /** The levels do not change any more. */
        public Levels {
            blocks = List.copyOf(blocks);
        }
    }

    /**
     * Reads a {@code config.json}.
     *
     * @throws ModelException if a field is broken, or says something the engine does not support
     */
    public static AutoencoderTinyConfig read(Path file) {
        return of(ModelConfig.read(file));
    }

    /**
     * Takes a configuration's fields; what is absent has diffusers' defaults.
     *
     * @throws ModelException if a field is broken, or says something the engine does not support
     */
    public static AutoencoderTinyConfig of(ModelConfig json) {
        json.supportOnly("_class_name", "AutoencoderTiny");
        json.supportOnly("act_fn", "relu");
        json.supportOnly("upsample_fn", "nearest");
        json.supportOnly("upsampling_scaling_factor", "2");
        json.bool("force_upcast", false); // of no effect: everything is computed in float32
        json.number("latent_magnitude", 3); // these two belong to latents stored as 8-bit pictures
        json.number("latent_shift", 0.5);
        float scalingFactor = (float) json.number("scaling_factor", 1);
        if (scalingFactor == 0 || Float.isInfinite(scalingFactor)) {
            throw json.mismatch("scaling_factor", "a number other than 0");
        }
        Levels encoder = levels(json, "encoder", List.of(1, 3, 3, 3));
        Levels decoder = levels(json, "decoder", List.of(3, 3, 3, 1));
        if (encoder.blocks.size() != decoder.blocks.size()) {
            throw json.mismatch(
                    "num_decoder_blocks",
                    "%d levels, as num_encoder_blocks has"
                            .formatted(encoder.blocks().size()));
        }
        return new AutoencoderTinyConfig(
                json.integer("in_channels", 1, LARGEST, 3),
                json.integer("out_channels", 1, LARGEST, 3),
                json.integer("latent_channels", 1, LARGEST, 4),
                encoder,
                decoder,
                scalingFactor,
                (float) json.number("shift_factor", 0));
    }

    /** Channels are listed by level, but the convolutions between levels do not change their number. */
    private static Levels levels(ModelConfig json, String way, List<Integer> usual) {
        String blockField = "num_%s_blocks".formatted(way);
        String channelField = way + "_block_out_channels";
        List<Integer> blocks = json.has(blockField) ? json.integers(blockField, 0, MOST_BLOCKS) : usual;
        if (blocks.isEmpty() || blocks.size() > MOST_LEVELS) {
            throw json.mismatch(blockField, "1 to %d levels".formatted(MOST_LEVELS));
        }
        List<Integer> channels = json.has(channelField)
                ? json.integers(channelField, 1, LARGEST)
                : Collections.nCopies(usual.size(), 64);
        if (channels.size() != blocks.size()) {
            throw json.mismatch(channelField, "%d levels, as %s has".formatted(blocks.size(), blockField));
        }
        if (channels.stream().distinct().count() != 1) {
            throw json.mismatch(channelField, "the same number for all levels");
        }
        return new Levels(channels.getFirst(), blocks);
    }

    /** Pixels of the picture for one of the latents, in each direction: 8 in Stable Diffusion. */
    public int scale() {
        return 1 << (decoder.blocks.size() - 1);
    }
}
