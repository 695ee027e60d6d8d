package dev.aquarelle.sd.vae;

import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.nn.NormConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code vae/config.json} says of an autoencoder, after diffusers' {@code AutoencoderKL}.
 *
 * @param inChannels channels of the picture that is encoded
 * @param outChannels channels of the picture that is decoded
 * @param latentChannels channels of the latents, 4 in Stable Diffusion
 * @param blockOutChannels channels of the levels from the picture to the latents; each level but the last halves the size
 * @param layersPerBlock residual blocks of a level of the encoder; the decoder has one more
 * @param norm of all blocks
 * @param midBlockAttention whether there is attention between the pixels of the innermost level
 * @param useQuantConv whether a 1x1 convolution follows the encoder
 * @param usePostQuantConv whether a 1x1 convolution precedes the decoder
 * @param sampleSize height and width of the pictures it was trained at
 * @param scalingFactor what latents are multiplied by for the U-Net, after {@code shiftFactor} is taken off: 0.18215 in SD 1.5
 * @param shiftFactor 0 in Stable Diffusion up to SDXL
 */
public record VaeConfig(
        int inChannels,
        int outChannels,
        int latentChannels,
        List<Integer> blockOutChannels,
        int layersPerBlock,
        NormConfig norm,
        boolean midBlockAttention,
        boolean useQuantConv,
        boolean usePostQuantConv,
        int sampleSize,
        float scalingFactor,
        float shiftFactor) {
    private static final int LARGEST = 1 << 16; // far above any real size; products of a few such sizes fit a long
    private static final int MOST_LEVELS = 16;
    private static final float EPSILON = 1e-6f;

    public VaeConfig {
        blockOutChannels = List.copyOf(blockOutChannels);
    }

    /**
     * Reads a {@code config.json}.
     *
     * @throws ModelException if a field is broken, or says something the engine does not support
     */
    public static VaeConfig read(Path file) {
        return of(ModelConfig.read(file));
    }

    /**
     * Takes a configuration's fields; what is absent has diffusers' defaults.
     *
     * @throws ModelException if a field is broken, or says something the engine does not support
     */
    public static VaeConfig of(ModelConfig json) {
        json.supportOnly("_class_name", "AutoencoderKL");
        json.supportOnly("act_fn", "silu", "swish");
        json.supportOnly("down_block_types", "DownEncoderBlock2D");
        json.supportOnly("up_block_types", "UpDecoderBlock2D");
        json.supportOnly("latents_mean");
        json.supportOnly("latents_std");
        json.bool("force_upcast", true); // of no effect: everything is computed in float32
        List<Integer> channels =
                json.has("block_out_channels") ? json.integers("block_out_channels", 1, LARGEST) : List.of(64);
        if (channels.isEmpty() || channels.size() > MOST_LEVELS) {
            throw json.mismatch("block_out_channels", "1 to %d levels".formatted(MOST_LEVELS));
        }
        for (String field : List.of("down_block_types", "up_block_types")) {
            if ((json.has(field) ? json.strings(field).size() : 1) != channels.size()) {
                throw json.mismatch(field, "%d blocks, as block_out_channels has levels".formatted(channels.size()));
            }
        }
        int groups = json.integer("norm_num_groups", 1, LARGEST, 32);
        for (int each : channels) {
            if (each % groups != 0) {
                throw json.mismatch("norm_num_groups", "a divisor of %d channels".formatted(each));
            }
        }
        float scalingFactor = (float) json.number("scaling_factor", 0.18215);
        if (scalingFactor == 0 || Float.isInfinite(scalingFactor)) {
            throw json.mismatch("scaling_factor", "a number other than 0");
        }
        return new VaeConfig(
                json.integer("in_channels", 1, LARGEST, 3),
                json.integer("out_channels", 1, LARGEST, 3),
                json.integer("latent_channels", 1, LARGEST, 4),
                channels,
                json.integer("layers_per_block", 1, 64, 1),
                new NormConfig(groups, EPSILON),
                json.bool("mid_block_add_attention", true),
                json.bool("use_quant_conv", true),
                json.bool("use_post_quant_conv", true),
                json.integer("sample_size", 1, LARGEST, 32),
                scalingFactor,
                (float) json.number("shift_factor", 0));
    }

    /** Pixels of the picture for one of the latents, in each direction: 8 in Stable Diffusion. */
    public int scale() {
        return 1 << (blockOutChannels.size() - 1);
    }
}
