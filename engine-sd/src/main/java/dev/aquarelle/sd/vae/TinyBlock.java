package dev.aquarelle.sd.vae;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.Layer;
import dev.aquarelle.sd.nn.Sequential;

/** Three 3x3 convolutions with ReLU between them and after the sum with x: {@code [N, H, W, C]} keeps its shape. */
record TinyBlock(Conv2d conv0, Conv2d conv2, Conv2d conv4) implements Layer {

    /** The three convolutions' numbers count the activations between them. */
    static TinyBlock load(Weights weights, int channels) {
        return new TinyBlock(
                Conv2d.load(weights.at("conv.0"), channels, channels, 3),
                Conv2d.load(weights.at("conv.2"), channels, channels, 3),
                Conv2d.load(weights.at("conv.4"), channels, channels, 3));
    }

    @Override
    public Value forward(Graph g, Value x) {
        Value h = Sequential.RELU.forward(g, conv0.forward(g, "conv.0", x));
        h = Sequential.RELU.forward(g, conv2.forward(g, "conv.2", h));
        h = conv4.forward(g, "conv.4", h);
        return Sequential.RELU.forward(g, g.add(h, x));
    }
}
