package dev.aquarelle.sd.control;

import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.unet.UNetConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code config.json} says of a ControlNet, after diffusers' {@code ControlNetModel}.
 *
 * @param encoder the half of a denoiser that it is
 * @param conditioningChannels channels of the picture, 3
 * @param conditioningEmbeddingOutChannels channels of the maps it becomes; height and width are halved from each to the next
 * @param bgr whether the picture's channels are taken in the order blue, green, red
 * @param globalPoolConditions whether a residual is the same everywhere, the mean over its map (ControlNets of shuffled pictures)
 */
public record ControlNetConfig(
        UNetConfig encoder,
        int conditioningChannels,
        List<Integer> conditioningEmbeddingOutChannels,
        boolean bgr,
        boolean globalPoolConditions) {
    private static final List<Integer> USUAL_EMBEDDING = List.of(16, 32, 96, 256);
    private static final int LARGEST = 1 << 16;
    static final int MOST_MAPS = 8;

    public ControlNetConfig {
        conditioningEmbeddingOutChannels = List.copyOf(conditioningEmbeddingOutChannels);
    }

    /**
     * Reads a {@code config.json}.
     *
     * @throws ModelException if a field is broken, or says something the engine does not support
     */
    public static ControlNetConfig read(Path file) {
        return of(ModelConfig.read(file));
    }

    /**
     * Takes a configuration's fields; what is absent has diffusers' defaults.
     *
     * @throws ModelException if a field is broken, or says something the engine does not support
     */
    public static ControlNetConfig of(ModelConfig json) {
        json.supportOnly("controlnet_conditioning_channel_order", "rgb", "bgr");
        UNetConfig encoder = UNetConfig.ofControlNet(json);
        if (encoder.midBlock() == null) {
            throw json.mismatch("mid_block_type", "UNetMidBlock2DCrossAttn or UNetMidBlock2D");
        }
        List<Integer> channels = json.has("conditioning_embedding_out_channels")
                ? json.integers("conditioning_embedding_out_channels", 1, LARGEST)
                : USUAL_EMBEDDING;
        if (channels.isEmpty() || channels.size() > MOST_MAPS) {
            throw json.mismatch("conditioning_embedding_out_channels", "1 to %d numbers".formatted(MOST_MAPS));
        }
        int conditioningChannels = json.integer("conditioning_channels", 1, LARGEST, 3);
        boolean bgr =
                json.string("controlnet_conditioning_channel_order", "rgb").equals("bgr");
        if (bgr && conditioningChannels != 3) {
            throw json.mismatch("conditioning_channels", "3, since controlnet_conditioning_channel_order is 'bgr'");
        }
        return new ControlNetConfig(
                encoder, conditioningChannels, channels, bgr, json.bool("global_pool_conditions", false));
    }

    /** How many times as high and wide as the latents the picture is, 8. */
    public int pictureScale() {
        return 1 << (conditioningEmbeddingOutChannels.size() - 1);
    }

    /** How many residuals it gives: one for each skip connection, and one for the middle. */
    public int residuals() {
        return encoder.skips().size() + 1;
    }
}
