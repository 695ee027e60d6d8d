package dev.aquarelle.sd.pipeline;

import org.jspecify.annotations.Nullable;

/**
 * How noise is drawn of a seed.
 *
 * @param generator what draws
 * @param subSeed of other noise that is mixed in, for variations of a picture; if {@code null} there is none
 * @param subSeedStrength how much of it: 0 for the seed's own noise, 1 for the other
 */
public record Seeding(Generator generator, @Nullable Long subSeed, double subSeedStrength) {
    /** As diffusers draws on the CPU. */
    public static final Seeding DEFAULT = new Seeding(Generator.TORCH_CPU, null, 0);

    /** What draws numbers of a seed. */
    public enum Generator {
        /** PyTorch's generator on the CPU. */
        TORCH_CPU,
        /** Philox as PyTorch draws on an Nvidia GPU; the web UI calls it NV. */
        PHILOX
    }

    /**
     * @throws IllegalArgumentException if the strength is not 0 to 1
     */
    public Seeding {
        if (!(subSeedStrength >= 0 && subSeedStrength <= 1)) {
            throw new IllegalArgumentException("subSeedStrength: expected 0 to 1, found " + subSeedStrength);
        }
    }

    /** Drawn by another generator. */
    public Seeding by(Generator generator) {
        return new Seeding(generator, subSeed, subSeedStrength);
    }

    /** With other noise mixed in. */
    public Seeding variation(long subSeed, double strength) {
        return new Seeding(generator, subSeed, strength);
    }
}
