package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.Layer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What makes one feature of a T2I-Adapter: [N, H, W, in] gives [N, H, W, out], or half of H and W, rounded up.
 *
 * @param halved whether squares of 2 x 2 are averaged first
 * @param inConv absent where the channels stay
 * @param outConv in light adapters, which are narrower inside
 */
record AdapterBlock(
        boolean halved,
        @Nullable Conv2d inConv,
        List<Resnet> resnets,
        @Nullable Conv2d outConv) implements Layer {
    private static final int NARROWING = 4;

    /** Two convolutions around a shortcut, with ReLU between them. */
    record Resnet(Conv2d block1, Conv2d block2) implements Layer {
        static Resnet load(Weights weights, int channels, int secondKernel) {
            return new Resnet(
                    Conv2d.load(weights.at("block1"), channels, channels, 3),
                    Conv2d.load(weights.at("block2"), channels, channels, secondKernel));
        }

        @Override
        public Value forward(Graph g, Value x) {
            Value h = g.activate(block1.forward(g, "block1", x), Activation.RELU);
            return g.add(block2.forward(g, "block2", h), x);
        }
    }

    /** Of a full adapter. */
    static AdapterBlock load(Weights weights, int in, int out, int numResBlocks, boolean halved) {
        return new AdapterBlock(
                halved,
                in == out ? null : Conv2d.load(weights.at("in_conv"), in, out, 1),
                resnets(weights, out, numResBlocks, 1),
                null);
    }

    /** Of a light adapter. */
    static AdapterBlock loadLight(Weights weights, int in, int out, int numResBlocks, boolean halved) {
        int inner = out / NARROWING;
        return new AdapterBlock(
                halved,
                Conv2d.load(weights.at("in_conv"), in, inner, 1),
                resnets(weights, inner, numResBlocks, 3),
                Conv2d.load(weights.at("out_conv"), inner, out, 1));
    }

    private static List<Resnet> resnets(Weights weights, int channels, int count, int secondKernel) {
        List<Resnet> resnets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            resnets.add(Resnet.load(weights.at("resnets." + i), channels, secondKernel));
        }
        return List.copyOf(resnets);
    }

    @Override
    public Value forward(Graph g, Value x) {
        if (halved) {
            x = g.averagePool2(evenAlong(g, 2, evenAlong(g, 1, x)));
        }
        if (inConv != null) {
            x = inConv.forward(g, "in_conv", x);
        }
        for (int i = 0; i < resnets.size(); i++) {
            x = resnets.get(i).forward(g, "resnets." + i, x);
        }
        return outConv == null ? x : outConv.forward(g, "out_conv", x);
    }

    /** A last row without partner is averaged with itself: it counts as the mean of what is there. */
    private static Value evenAlong(Graph g, int axis, Value x) {
        int length = x.shape().dim(axis);
        return length % 2 == 0 ? x : g.concat(axis, x, g.slice(x, axis, length - 1, length));
    }
}
