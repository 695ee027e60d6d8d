package dev.aquarelle.sd.pipeline;

import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * How noise is drawn of a seed. A variation keeps the seed for all pictures of its batch, which have the sub-seeds one after the other, as in
 * the web UI; without one the seeds follow one another.
 *
 * @param generator what draws
 * @param subSeed of other noise that is mixed in, for variations of a picture; if {@code null} there is none
 * @param subSeedStrength how much of it: 0 for the seed's own noise, 1 for the other
 * @param resizeFrom size in pixels of the picture that the seed is known for: its noise is the middle of this picture's, so that both are alike;
 *     if {@code null} the noise is drawn as large as the picture
 */
public record Seeding(
        Generator generator, @Nullable Long subSeed, double subSeedStrength, SdxlOptions.@Nullable Size resizeFrom) {
    /** As diffusers draws on the CPU. */
    public static final Seeding DEFAULT = new Seeding(Generator.TORCH_CPU, null, 0, null);

    private static final String RNG = "RNG";
    private static final String SUB_SEED = "Variation seed";
    private static final String STRENGTH = "Variation seed strength";
    private static final String RESIZE_FROM = "Seed resize from";

    /** What draws numbers of a seed. */
    public enum Generator {
        /** PyTorch's generator on the CPU. */
        TORCH_CPU("CPU"),
        /** Philox as PyTorch draws on an Nvidia GPU; the web UI calls it NV. */
        PHILOX("NV");

        private final String key;

        Generator(String key) {
            this.key = key;
        }

        /** The web UI's name. */
        public String key() {
            return key;
        }
    }

    /**
     * @throws IllegalArgumentException if the strength is not 0 to 1, or above 0 without a sub-seed, or a side is no multiple of 8
     */
    public Seeding {
        if (!(subSeedStrength >= 0 && subSeedStrength <= 1)) {
            throw new IllegalArgumentException("subSeedStrength: expected 0 to 1, found " + subSeedStrength);
        }
        if (subSeedStrength > 0 && subSeed == null) {
            throw new IllegalArgumentException(
                    "subSeed: expected one for a strength of %s, found none".formatted(subSeedStrength));
        }
        if (resizeFrom != null) {
            requireSide("width", resizeFrom.width());
            requireSide("height", resizeFrom.height());
        }
    }

    private static void requireSide(String name, int pixels) {
        if (pixels % 8 != 0 || pixels > TextToImage.LARGEST_SIDE) {
            throw new IllegalArgumentException("seed resize: %s: expected a multiple of 8, at most %d, found %d"
                    .formatted(name, TextToImage.LARGEST_SIDE, pixels));
        }
    }

    /** Drawn by another generator. */
    public Seeding by(Generator generator) {
        return new Seeding(generator, subSeed, subSeedStrength, resizeFrom);
    }

    /** With other noise mixed in. */
    public Seeding variation(long subSeed, double strength) {
        return new Seeding(generator, subSeed, strength, resizeFrom);
    }

    /** Like the picture of so many pixels that the seed is known for. */
    public Seeding resizedFrom(int width, int height) {
        return new Seeding(generator, subSeed, subSeedStrength, new SdxlOptions.Size(width, height));
    }

    /** Whether other noise is mixed in. */
    public boolean isVariation() {
        return subSeedStrength > 0;
    }

    /** Writes what the n-th picture's file says of it, under the web UI's names; nothing of what is {@link #DEFAULT}. */
    void putInto(SequencedMap<String, String> values, int n) {
        if (subSeed != null && isVariation()) {
            values.put(SUB_SEED, Long.toString(subSeed + n));
            values.put(STRENGTH, SettledRequest.number(subSeedStrength));
        }
        if (resizeFrom != null) {
            values.put(RESIZE_FROM, resizeFrom.width() + "x" + resizeFrom.height());
        }
        if (generator != DEFAULT.generator) {
            values.put(RNG, generator.key());
        }
    }

    /**
     * What {@link #putInto} said, taken out of the parameters.
     *
     * @param absent what draws if they do not say: the web UI does not where it drew on the GPU
     * @throws IllegalArgumentException if a value is none of those that are written
     */
    static Seeding takenFrom(ParameterReader values, Generator absent) {
        String rng = values.text(RNG, absent.key());
        double strength = values.number(STRENGTH, 0);
        Long subSeed = values.seed(SUB_SEED);
        SdxlOptions.Size resizeFrom = values.size(RESIZE_FROM);
        for (Generator generator : Generator.values()) {
            if (generator.key().equals(rng)) {
                return new Seeding(generator, subSeed, strength, resizeFrom);
            }
        }
        throw ParameterReader.mismatch(RNG, "CPU or NV", rng);
    }
}
