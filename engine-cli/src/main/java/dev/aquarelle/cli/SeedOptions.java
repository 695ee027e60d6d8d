package dev.aquarelle.cli;

import dev.aquarelle.sd.pipeline.Seeding;
import dev.aquarelle.sd.pipeline.TextToImage;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How noise is drawn, as the options say. */
final class SeedOptions {
    private static final long SEEDS = 1L << 32;

    @Option(
            names = "--rng",
            paramLabel = "NAME",
            description =
                    "What draws the noise: cpu as PyTorch does, or nv as on an Nvidia GPU and in the web UI (default:"
                            + " cpu).")
    private String rng = "cpu";

    @Option(
            names = "--variation-seed",
            paramLabel = "N",
            description = "Mix another seed's noise in, for variations of a picture; the next pictures have the next of"
                    + " these and all the same --seed (default: a random one).")
    private @Nullable Long variationSeed;

    @Option(
            names = "--variation-strength",
            paramLabel = "X",
            description = "How much of it, from 0 for none to 1 for nothing else.")
    private @Nullable Double strength;

    @Option(
            names = "--seed-resize-from",
            paramLabel = "WxH",
            converter = PictureSize.Converter.class,
            description = "Make it like the seed's picture of this size: its noise is the middle of this one's.")
    private @Nullable PictureSize resizeFrom;

    private Seeding seeding = Seeding.DEFAULT;

    /**
     * Reads the options, and chooses what they leave open.
     *
     * @param pictures how many there will be
     * @throws IllegalArgumentException if they do not belong together or a value is out of its range
     */
    void read(int pictures) {
        seeding = Seeding.DEFAULT.by(generator());
        if (resizeFrom != null) {
            seeding = seeding.resizedFrom(resizeFrom.width(), resizeFrom.height());
        }
        if (strength == null && variationSeed != null) {
            throw new IllegalArgumentException("--variation-seed: expected --variation-strength beside it, found none");
        }
        if (strength == null) {
            return;
        }
        long first = variationSeed != null
                ? variationSeed
                : ThreadLocalRandom.current().nextLong(SEEDS);
        if (first < 0 || first > Long.MAX_VALUE - (pictures - 1)) {
            throw new IllegalArgumentException("--variation-seed: expected 0 to %d for %d pictures, found %d"
                    .formatted(Long.MAX_VALUE - (pictures - 1), pictures, first));
        }
        if (!(strength >= 0 && strength <= 1)) {
            throw new IllegalArgumentException("--variation-strength: expected 0 to 1, found " + strength);
        }
        seeding = seeding.variation(first, strength);
    }

    private Seeding.Generator generator() {
        for (Seeding.Generator generator : Seeding.Generator.values()) {
            if (generator.key().equals(rng.toUpperCase(Locale.ROOT))) {
                return generator;
            }
        }
        throw new IllegalArgumentException("--rng: expected cpu or nv, found " + rng);
    }

    /**
     * Gives a request its seeds.
     *
     * @param first the seed of the first of all pictures
     * @param n how many pictures come before those of the request
     */
    void seed(TextToImage.Builder request, long first, long n) {
        Long sub = seeding.subSeed();
        if (sub == null || !seeding.isVariation()) {
            request.seed(first + n).seeding(seeding);
        } else {
            request.seed(first).seeding(seeding.variation(sub + n, seeding.subSeedStrength()));
        }
    }
}
