package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;

/** Nearest-neighbor resize and a 3x3 convolution: [N, H, W, C] gives twice H and W, or the size of a skip connection. */
public record Upsample2D(Conv2d conv) implements Layer {

    /** {@code conv} in this part of the checkpoint. */
    public static Upsample2D load(Weights weights, int channels) {
        return new Upsample2D(Conv2d.load(weights.at("conv"), channels, channels, 3));
    }

    @Override
    public Value forward(Graph g, Value x) {
        return forward(g, x, 2 * x.shape().dim(1), 2 * x.shape().dim(2));
    }

    /** To the given size in pixels. */
    public Value forward(Graph g, Value x, int height, int width) {
        return conv.forward(g, g.upsampleNearest(x, height, width));
    }
}
