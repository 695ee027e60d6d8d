package dev.aquarelle.sd.vae;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;

/**
 * Between an autoencoder's latents and those of the U-Net, whose variance is about 1: {@code (latents - shift) * factor}.
 *
 * @param factor other than 0
 */
record LatentScale(float factor, float shift) {

    /** The U-Net's latents in the autoencoder's scale. */
    Value unscale(Graph g, Value latents) {
        return g.scale(latents, 1 / factor, shift);
    }

    /** The autoencoder's latents in the U-Net's scale: a copy. */
    Tensor scale(Tensor latents) {
        float[] scaled = latents.toFloatArray();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = (scaled[i] - shift) * factor;
        }
        return Tensor.of(scaled, latents.shape().dims());
    }
}
