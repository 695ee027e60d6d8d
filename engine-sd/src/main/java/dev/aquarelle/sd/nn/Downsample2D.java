package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;

/** A 3x3 convolution of stride 2: [N, H, W, C] gives half of H and W. */
public record Downsample2D(Conv2d conv) implements Layer {
    /** The U-Net's padding: all around, so an odd size is rounded up. */
    public static final Padding SYMMETRIC = Padding.all(1);
    /** The autoencoder's padding: below and on the right only. */
    public static final Padding ASYMMETRIC = new Padding(0, 0, 1, 1);

    /** {@code conv} in this part of the checkpoint. */
    public static Downsample2D load(Weights weights, int channels, Padding padding) {
        return new Downsample2D(Conv2d.load(weights.at("conv"), channels, channels, 3, 2, padding));
    }

    @Override
    public Value forward(Graph g, Value x) {
        return conv.forward(g, x);
    }
}
