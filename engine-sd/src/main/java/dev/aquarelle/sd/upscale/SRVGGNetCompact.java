package dev.aquarelle.sd.upscale;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.Sequential;

/**
 * The small network of Real-ESRGAN ({@code realesr-general-x4v3}, {@code realesr-animevideov3}): convolutions on the small picture alone,
 * the last of which gives all pixels of a square at once; what they give is added to the picture enlarged plainly.
 */
record SRVGGNetCompact(int scale, Sequential body) implements SuperResolution {
    private static final int LARGEST_SCALE = 16;

    /** Whether a file has its names: plain convolutions below {@code body}, activations with weights between them. */
    static boolean isIn(Weights weights) {
        return weights.has("body.0.weight") && weights.has("body.1.weight");
    }

    static SRVGGNetCompact load(Weights weights) {
        Weights layers = weights.at("body");
        int last = 0;
        while (layers.has(last + 2 + ".weight")) {
            last += 2;
        }
        Shape first = SuperResolution.convolution(layers, "0");
        Shape end = SuperResolution.convolution(layers, Integer.toString(last));
        int scale = 1;
        while (scale < LARGEST_SCALE && COLORS * scale * scale < end.dim(0)) {
            scale++;
        }
        Sequential.Builder body = new Sequential.Builder(0);
        int features = first.dim(0);
        body.add(Conv2d.load(layers.at(body.name()), COLORS, features, 3));
        for (int i = 2; i <= last; i += 2) {
            body.add(PRelu.load(layers.at(body.name()), features));
            int out = i == last ? COLORS * scale * scale : features;
            body.add(Conv2d.load(layers.at(body.name()), features, out, 3));
        }
        return new SRVGGNetCompact(scale, body.build());
    }

    @Override
    public int multiple() {
        return 1;
    }

    @Override
    public Value forward(Graph g, Value picture) {
        Value h = PixelShuffle.shuffle(g, body.forward(g, "body", picture), scale);
        Shape shape = h.shape();
        return g.add(h, g.upsampleNearest(picture, shape.dim(1), shape.dim(2)));
    }

    /** As in messages: {@code an SRVGGNetCompact of 34 convolutions for scale 4}. */
    @Override
    public String toString() {
        return "an SRVGGNetCompact of %d convolutions for scale %d"
                .formatted(body.layers().size() / 2 + 1, scale);
    }
}
