package dev.aquarelle.sd.pipeline;

import java.util.SequencedMap;

/**
 * Whether the autoencoder takes a picture whole or in tiles, as diffusers' {@code enable_vae_tiling} does: tiles take less memory, and the
 * picture is close to the one made whole, not the same. What was done stands in the picture's parameters.
 *
 * @param mode who decides
 * @param size height and width of a tile in latents, for {@link Mode#TILES}; else 0
 */
public record VaeTiling(Mode mode, int size) {
    /** Whole where the memory that the user gives allows it, else in the largest tiles that it allows. */
    public static final VaeTiling AUTO = new VaeTiling(Mode.AUTO, 0);

    /** Whole, or not at all. */
    public static final VaeTiling OFF = new VaeTiling(Mode.OFF, 0);

    /** The name that pictures' parameters have for it. */
    public static final String KEY = "VAE tiling";

    private static final int SMALLEST = 8; // latents that see less of one another make no picture
    private static final int LARGEST = 2048;
    private static final int UNIT = 4; // a quarter of a tile overlaps the next, in whole latents

    /** Who decides. */
    public enum Mode {
        /** The limit of memory that the user sets; without one there are no tiles, so that machines do not differ. */
        AUTO,
        /** The user: no tiles. */
        OFF,
        /** The user: tiles of a size. */
        TILES
    }

    /**
     * @throws IllegalArgumentException if the size is no multiple of 4 from 8 to 2048, or there is one without tiles
     */
    public VaeTiling {
        if (mode == Mode.TILES && (size < SMALLEST || size > LARGEST || size % UNIT != 0)) {
            throw new IllegalArgumentException(
                    "VAE tiling: expected a tile of a multiple of %d from %d to %d latents, found %d"
                            .formatted(UNIT, SMALLEST, LARGEST, size));
        }
        if (mode != Mode.TILES && size != 0) {
            throw new IllegalArgumentException("VAE tiling: expected no size without tiles, found " + size);
        }
    }

    /** Tiles of so many latents along a side, each of which is 8 pixels; for pictures that are larger. */
    public static VaeTiling of(int size) {
        return new VaeTiling(Mode.TILES, size);
    }

    /**
     * Reads {@code auto}, {@code off} or a size.
     *
     * @throws IllegalArgumentException if it is none of them
     */
    public static VaeTiling parse(String text) {
        if (text.equalsIgnoreCase("auto")) {
            return AUTO;
        }
        if (text.equalsIgnoreCase("off")) {
            return OFF;
        }
        if (!text.matches("[0-9]{1,6}")) {
            throw new IllegalArgumentException("VAE tiling: expected auto, off or a size, found '%s'".formatted(text));
        }
        return of(Integer.parseInt(text));
    }

    /** What a picture's parameters say of how it was made: nothing is said of one that was made whole. */
    static VaeTiling takenFrom(ParameterReader values) {
        String size = values.text(KEY);
        return size == null ? OFF : parse(size);
    }

    /**
     * Says in a picture's parameters how it was made, for {@link #takenFrom}.
     *
     * @param tile height and width of the tiles in latents, 0 if it was made whole
     */
    static void putInto(SequencedMap<String, String> values, int tile) {
        if (tile > 0) {
            values.put(KEY, Integer.toString(tile));
        }
    }
}
