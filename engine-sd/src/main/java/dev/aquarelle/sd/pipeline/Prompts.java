package dev.aquarelle.sd.pipeline;

import java.util.Collections;
import java.util.List;

/**
 * Prompts, one for each picture.
 *
 * @param first for the first text encoder, or the only one
 * @param second for SDXL's second one; as many
 */
public record Prompts(List<String> first, List<String> second) {

    /**
     * @throws IllegalArgumentException if there are none, or not as many for the second encoder
     */
    public Prompts {
        first = List.copyOf(first);
        second = List.copyOf(second);
        if (first.isEmpty() || first.size() != second.size()) {
            throw new IllegalArgumentException(
                    "prompts: expected as many for both encoders, and one at least, found %d and %d"
                            .formatted(first.size(), second.size()));
        }
    }

    /** The same for both encoders. */
    public static Prompts of(List<String> prompts) {
        return new Prompts(prompts, prompts);
    }

    /** The same for so many pictures. */
    static Prompts repeated(String first, String second, int times) {
        return new Prompts(Collections.nCopies(times, first), Collections.nCopies(times, second));
    }
}
