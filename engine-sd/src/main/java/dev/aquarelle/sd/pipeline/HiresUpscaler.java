package dev.aquarelle.sd.pipeline;

import dev.aquarelle.sd.image.Resampling;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** What enlarges a picture between the two passes of a {@link HiresFix}. */
public sealed interface HiresUpscaler {
    /** The web UI's usual one. */
    static HiresUpscaler usual() {
        return new Latent(LatentResize.BILINEAR);
    }

    /**
     * The latents, which is quick, and leaves a softness that takes a strength of 0.6 or so to paint over.
     *
     * @param filter how
     */
    record Latent(LatentResize filter) implements HiresUpscaler {}

    /**
     * The pixels: the picture is decoded, resized and encoded again.
     *
     * @param filter how
     */
    record Pixels(Resampling filter) implements HiresUpscaler {}

    /**
     * The pixels, by a network, as often as it takes to be as large, and resized to the size.
     *
     * @param file the network, as for {@link dev.aquarelle.sd.upscale.Upscaler}
     */
    record Network(Path file) implements HiresUpscaler {}

    /** What the web UI calls it; of a network the file's name. */
    default String title() {
        return switch (this) {
            case Latent latent -> latent.filter().title();
            case Pixels pixels -> pixels.filter().title();
            case Network network -> String.valueOf(network.file().getFileName()).replaceFirst("\\.safetensors$", "");
        };
    }

    /** All but networks, by names as they are typed: {@code latent}, {@code latent-bicubic}, {@code lanczos} ... */
    static SequencedMap<String, HiresUpscaler> names() {
        SequencedMap<String, HiresUpscaler> names = new LinkedHashMap<>();
        for (LatentResize filter : LatentResize.values()) {
            names.put(name(filter.title()), new Latent(filter));
        }
        for (Resampling filter : List.of(Resampling.LANCZOS, Resampling.BICUBIC)) {
            names.put(name(filter.title()), new Pixels(filter));
        }
        return names;
    }

    private static String name(String title) {
        return title.toLowerCase(Locale.ROOT).replace(")", "").replace("(", "").replace(' ', '-');
    }

    /** The one of a title, if it is no network's. */
    static @Nullable HiresUpscaler titled(String title) {
        for (Map.Entry<String, HiresUpscaler> known : names().entrySet()) {
            if (known.getValue().title().equals(title)) {
                return known.getValue();
            }
        }
        return null;
    }
}
