package dev.aquarelle.sd.vae;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.Layer;
import dev.aquarelle.sd.nn.Sequential;

/** The two ways of a tiny autoencoder, each a sequence of numbered layers. Pictures are from 0 to 1 inside, from -1 to 1 outside. */
final class TinyCoders {
    private static final float LATENT_BOUND = 3;

    private TinyCoders() {}

    /**
     * From a picture to latents: a convolution of stride 2 between levels.
     *
     * @param weights whose parts are the layers' numbers, from 0
     */
    static Layer encoder(Weights weights, AutoencoderTinyConfig.Levels levels, int in, int out) {
        int channels = levels.channels();
        Sequential.Builder layers = new Sequential.Builder(0);
        for (int level = 0; level < levels.blocks().size(); level++) {
            Weights conv = weights.at(layers.name());
            layers.add(
                    level == 0
                            ? Conv2d.load(conv, in, channels, 3)
                            : Conv2d.loadWithoutBias(conv, channels, channels, 3, 2));
            addBlocks(layers, weights, levels, level);
        }
        layers.add(Conv2d.load(weights.at(layers.name()), channels, out, 3));
        Sequential sequence = layers.build();
        return (g, picture) -> sequence.forward(g, g.scale(picture, 0.5f, 0.5f));
    }

    /**
     * From latents to a picture: each pixel four times between levels.
     *
     * @param weights whose parts are the layers' numbers
     * @param first the number of the first convolution: 1 where the bounding of the latents has one of its own
     */
    static Layer decoder(Weights weights, AutoencoderTinyConfig.Levels levels, int in, int out, int first) {
        int channels = levels.channels();
        Sequential.Builder layers = new Sequential.Builder(first);
        layers.add(Conv2d.load(weights.at(layers.name()), in, channels, 3));
        layers.add(Sequential.RELU);
        for (int level = 0; level < levels.blocks().size(); level++) {
            if (level > 0) {
                layers.add(Sequential.UPSAMPLE2);
                layers.add(Conv2d.loadWithoutBias(weights.at(layers.name()), channels, channels, 3, 1));
            }
            addBlocks(layers, weights, levels, level);
        }
        layers.add(Conv2d.load(weights.at(layers.name()), channels, out, 3));
        Sequential sequence = layers.build();
        return (g, latents) -> g.scale(sequence.forward(g, bounded(g, latents)), 2, -1);
    }

    private static void addBlocks(
            Sequential.Builder layers, Weights weights, AutoencoderTinyConfig.Levels levels, int level) {
        for (int block = 0; block < levels.blocks().get(level); block++) {
            layers.add(TinyBlock.load(weights.at(layers.name()), levels.channels()));
        }
    }

    /** Latents far out are pulled in: {@code 3 tanh(x / 3)}. */
    private static Value bounded(Graph g, Value latents) {
        return g.scale(g.activate(g.scale(latents, 1 / LATENT_BOUND, 0), Activation.TANH), LATENT_BOUND, 0);
    }
}
