package dev.aquarelle.sd.control;

import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.unet.UNetConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code config.json} says of a T2I-Adapter, after diffusers' class of this name.
 *
 * @param type how its blocks are arranged
 * @param inChannels channels of the picture: 3, or 1 where it is gray
 * @param channels of the features, from the outermost; a light adapter has one feature more, as the last
 * @param numResBlocks residual blocks before each feature
 * @param downscaleFactor how much smaller than the picture the outermost map is: 8 or 16
 */
public record T2IAdapterConfig(
        Type type, int inChannels, List<Integer> channels, int numResBlocks, int downscaleFactor) {
    private static final int LARGEST = 1 << 16;
    static final int LATENT_SCALE = 8;
    private static final int MOST_LEVELS = 8;

    /** The arrangements, by the names that configurations give them. */
    public enum Type {
        /** {@code full_adapter}: half the size from each feature to the next (Stable Diffusion 1). */
        FULL,
        /** {@code full_adapter_xl}: half the size at the third feature only (SDXL). */
        FULL_XL,
        /** {@code light_adapter}: as the first, of a quarter of the channels inside. */
        LIGHT
    }

    public T2IAdapterConfig {
        channels = List.copyOf(channels);
    }

    /**
     * Reads a {@code config.json}.
     *
     * @throws ModelException if a field is broken, or says something the engine does not support
     */
    public static T2IAdapterConfig read(Path file) {
        return of(ModelConfig.read(file));
    }

    /**
     * Takes a configuration's fields; what is absent has diffusers' defaults.
     *
     * @throws ModelException if a field is broken, or says something the engine does not support
     */
    public static T2IAdapterConfig of(ModelConfig json) {
        json.supportOnly("_class_name", "T2IAdapter");
        json.supportOnly("downscale_factor", "8", "16");
        Type type = switch (json.string("adapter_type", "full_adapter")) {
            case "full_adapter" -> Type.FULL;
            case "full_adapter_xl" -> Type.FULL_XL;
            case "light_adapter" -> Type.LIGHT;
            default -> throw json.mismatch("adapter_type", "full_adapter, full_adapter_xl or light_adapter");
        };
        List<Integer> channels =
                json.has("channels") ? json.integers("channels", 4, LARGEST) : List.of(320, 640, 1280, 1280);
        if (channels.isEmpty() || channels.size() > MOST_LEVELS) {
            throw json.mismatch("channels", "1 to %d numbers".formatted(MOST_LEVELS));
        }
        return new T2IAdapterConfig(
                type,
                json.integer("in_channels", 1, LARGEST, 3),
                channels,
                json.integer("num_res_blocks", 1, 64, 2),
                json.integer("downscale_factor", 1, LARGEST, 8));
    }

    /** Channels of the picture after its pixels are unshuffled. */
    int unshuffledChannels() {
        return inChannels * downscaleFactor * downscaleFactor;
    }

    /** The features, by their channels and by how often the size of the latents is halved. */
    public List<UNetConfig.Skip> features() {
        List<UNetConfig.Skip> features = new ArrayList<>();
        int halvings = downscaleFactor > LATENT_SCALE ? 1 : 0;
        int count = type == Type.LIGHT ? channels.size() + 1 : channels.size();
        for (int i = 0; i < count; i++) {
            halvings += isHalved(i) ? 1 : 0;
            features.add(new UNetConfig.Skip(channels.get(Math.min(i, channels.size() - 1)), halvings));
        }
        return List.copyOf(features);
    }

    /** Whether block {@code index} begins with half the size. */
    boolean isHalved(int index) {
        return type == Type.FULL_XL ? index == 2 : index > 0;
    }
}
