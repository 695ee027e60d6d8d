package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.SoftMask;
import java.util.Arrays;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/**
 * What the part of a picture that is painted anew begins as, under noise; the web UI's "masked content". All but {@link #ORIGINAL} begin so at
 * every strength, where that begins as nothing but noise at a strength of 1, as in diffusers.
 */
public enum MaskedContent {
    /** What was there. */
    ORIGINAL("original"),
    /** The colors from around it, spread. */
    FILL("fill"),
    /** Noise in the place of latents: the very noise that is laid over it too. */
    LATENT_NOISE("latent noise"),
    /** Latents of 0. */
    LATENT_NOTHING("latent nothing");

    /** Its name in a picture's file. */
    static final String KEY = "Masked content";

    private final String title;

    MaskedContent(String title) {
        this.title = title;
    }

    /** The web UI's name. */
    public String title() {
        return title;
    }

    /** The picture that is encoded: as in the web UI spread over also where latents are replaced, for what lies close by. */
    Image begun(Image picture, SoftMask mask) {
        return this == ORIGINAL ? picture : mask.filled(picture);
    }

    /**
     * The latents under the noise {@code [N, h, w, C]}.
     *
     * @param mask {@code [N, h, w, 1]}: 1 where the picture is painted anew, else 0
     * @param encoded the picture's
     * @param noise that is laid over them
     */
    Tensor latents(Tensor mask, Tensor encoded, Tensor noise) {
        return switch (this) {
            case ORIGINAL, FILL -> encoded;
            case LATENT_NOISE -> Masking.blended(mask, noise, encoded);
            case LATENT_NOTHING ->
                Masking.blended(mask, Latents.zeros(encoded.shape().dims()), encoded);
        };
    }

    /** Writes what a picture's file says of it; nothing of what was there. */
    void putInto(SequencedMap<String, String> values) {
        if (this != ORIGINAL) {
            values.put(KEY, title);
        }
    }

    /**
     * What {@link #putInto} said, taken out of the parameters.
     *
     * @throws IllegalArgumentException if it is none of those that are written
     */
    static MaskedContent takenFrom(ParameterReader values) {
        String found = values.text(KEY, ORIGINAL.title);
        for (MaskedContent content : values()) {
            if (content.title.equals(found)) {
                return content;
            }
        }
        throw ParameterReader.mismatch(
                KEY, Arrays.stream(values()).map(MaskedContent::title).collect(Collectors.joining(", ")), found);
    }
}
