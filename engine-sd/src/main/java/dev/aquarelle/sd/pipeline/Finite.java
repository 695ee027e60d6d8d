package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.ModelException;

/**
 * Refuses results with NaN or infinite numbers in them. Everything after such a number is NaN too and the picture is black, so the first
 * part of a model that gives one ends the request; no sound model does, since all is computed in float32.
 */
final class Finite {
    /** Of a network that sees sound numbers. */
    static final String WEIGHTS = "its weights are broken, or not of this architecture";

    /** Of what has come through guidance and a sampler before. */
    static final String SETTINGS =
            "weights are broken, or the guidance or the sampler's settings are beyond all measure";

    private Finite() {}

    /**
     * Looks at all numbers once, which is nothing beside making them.
     *
     * @param part what gave them, for the message
     * @param reason why it may have, for the message
     * @throws ModelException if one is not finite
     */
    static void require(String part, String reason, Tensor result) {
        long count = result.shape().size();
        float sum = 0;
        for (long i = 0; i < count; i++) {
            sum += result.getFloat(i) * 0; // of NaN and infinities, NaN, which stays; no branch
        }
        if (sum == 0) {
            return;
        }
        long at = 0;
        while (Float.isFinite(result.getFloat(at))) {
            at++;
        }
        throw new ModelException("%s: expected finite numbers, found %s among %s: %s"
                .formatted(part, result.getFloat(at), result.shape(), reason));
    }
}
