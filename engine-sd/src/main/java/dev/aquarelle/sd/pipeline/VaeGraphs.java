package dev.aquarelle.sd.pipeline;

import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.vae.Autoencoder;
import dev.aquarelle.sd.vae.Tiling;

/**
 * The autoencoder's graphs of one picture.
 *
 * @param tile height and width of its tiles in latents; 0 for none
 */
record VaeGraphs(Autoencoder vae, int tile) {
    private static final double OVERLAP = 0.25; // diffusers'

    /** From latents in the denoiser's scale, of so many rows and columns. */
    Graph decoder(int height, int width) {
        return Graph.of(g -> {
            Value latents = vae.unscale(g, g.input("latents", 1, height, width, vae.latentChannels()));
            return tile == 0 ? vae.decode(g, latents) : tiling().decode(g, vae, latents);
        });
    }

    /** From a picture of so many pixels. */
    Graph encoder(int height, int width) {
        return Graph.of(g -> {
            Value picture = g.input("picture", 1, height, width, vae.inChannels());
            return tile == 0 ? vae.encode(g, picture) : tiling().encode(g, vae, picture);
        });
    }

    private Tiling tiling() {
        return new Tiling(vae.scale() * tile, tile, OVERLAP);
    }
}
