package dev.aquarelle.sd.upscale;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.Layer;
import dev.aquarelle.sd.nn.Sequential;
import java.util.ArrayList;
import java.util.List;

/**
 * The generator of ESRGAN (arXiv:1809.00219) and Real-ESRGAN (arXiv:2107.10833): residual-in-residual dense blocks on the small picture,
 * then convolutions on larger and larger ones. Models of scale 2 and 1 see squares of pixels as channels instead of fewer doublings.
 *
 * @param names of the layers in the checkpoint
 * @param unshuffle side of the squares of pixels that are taken together, 1 for none
 */
record RRDBNet(
        RrdbNames names,
        int unshuffle,
        Conv2d convFirst,
        List<Block> body,
        Conv2d convBody,
        List<Conv2d> convUp,
        Conv2d convHr,
        Conv2d convLast)
        implements SuperResolution {
    private static final float RESIDUAL = 0.2f;
    private static final Layer LEAKY_RELU = new LeakyRelu(0.2f);
    private static final int MOST_DOUBLINGS = 5;

    static RRDBNet load(Weights weights, RrdbNames names) {
        int doublings = names.up().size();
        if (doublings > MOST_DOUBLINGS) {
            throw new SafetensorsException("%s: expected at most %d doublings of the size, found %d"
                    .formatted(weights.where(), MOST_DOUBLINGS, doublings));
        }
        Shape first = SuperResolution.convolution(weights, names.first());
        int unshuffle = unshuffle(first.dim(1), doublings);
        if (unshuffle == 0) {
            throw new SafetensorsException(
                    "%s: expected a convolution of 3 colors, or of those of a square of at most %d x %d pixels, found %s in %s"
                            .formatted(
                                    weights.path(names.first() + ".weight"),
                                    1 << doublings,
                                    1 << doublings,
                                    first,
                                    weights.where()));
        }
        int features = first.dim(0);
        List<Block> body = new ArrayList<>();
        while (weights.has(names.conv(body.size(), 1, 1) + ".weight")) {
            body.add(Block.load(weights, names, body.size(), features));
        }
        List<Conv2d> convUp = new ArrayList<>();
        for (String up : names.up()) {
            convUp.add(Conv2d.load(weights.at(up), features, features, 3));
        }
        return new RRDBNet(
                names,
                unshuffle,
                Conv2d.load(weights.at(names.first()), first.dim(1), features, 3),
                List.copyOf(body),
                Conv2d.load(weights.at(names.trunk()), features, features, 3),
                List.copyOf(convUp),
                Conv2d.load(weights.at(names.hr()), features, features, 3),
                Conv2d.load(weights.at(names.last()), features, COLORS, 3));
    }

    /** The side of the squares whose pixels make so many channels, if there are doublings enough to make up for it; else 0. */
    private static int unshuffle(int channels, int doublings) {
        for (int exponent = 0; exponent <= doublings; exponent++) {
            if (channels == COLORS << 2 * exponent) {
                return 1 << exponent;
            }
        }
        return 0;
    }

    @Override
    public int scale() {
        return (1 << convUp.size()) / unshuffle;
    }

    @Override
    public int multiple() {
        return unshuffle;
    }

    @Override
    public Value forward(Graph g, Value picture) {
        Value x = unshuffle == 1 ? picture : PixelShuffle.unshuffle(g, picture, unshuffle);
        x = convFirst.forward(g, names.first(), x);
        Value h = x;
        for (int i = 0; i < body.size(); i++) {
            h = body.get(i).forward(g, "%s.%d".formatted(names.body(), i), h);
        }
        x = g.add(convBody.forward(g, names.trunk(), h), x);
        for (int i = 0; i < convUp.size(); i++) {
            x = convUp.get(i).forward(g, names.up().get(i), Sequential.UPSAMPLE2.forward(g, x));
            x = LEAKY_RELU.forward(g, x);
        }
        x = LEAKY_RELU.forward(g, convHr.forward(g, names.hr(), x));
        return convLast.forward(g, names.last(), x);
    }

    /** As in messages: {@code an RRDBNet of 23 blocks for scale 4}. */
    @Override
    public String toString() {
        return "an RRDBNet of %d blocks for scale %d".formatted(body.size(), scale());
    }

    /** Three dense blocks around a shortcut: {@code [N, H, W, features]} keeps its shape. */
    record Block(List<DenseBlock> dense) implements Layer {
        static Block load(Weights weights, RrdbNames names, int block, int features) {
            List<DenseBlock> dense = new ArrayList<>();
            for (int i = 1; i <= 3; i++) {
                dense.add(DenseBlock.load(weights, names, block, i, features));
            }
            return new Block(List.copyOf(dense));
        }

        @Override
        public Value forward(Graph g, Value x) {
            Value h = x;
            for (DenseBlock each : dense) {
                h = each.forward(g, h);
            }
            return g.add(g.scale(h, RESIDUAL, 0), x);
        }
    }

    /** Five convolutions, each of which sees what all before it have made, around a shortcut. */
    record DenseBlock(List<Conv2d> convs) implements Layer {
        private static final int CONVOLUTIONS = 5;

        static DenseBlock load(Weights weights, RrdbNames names, int block, int number, int features) {
            int growth = SuperResolution.convolution(weights, names.conv(block, number, 1))
                    .dim(0);
            List<Conv2d> convs = new ArrayList<>();
            for (int i = 0; i < CONVOLUTIONS; i++) {
                int out = i == CONVOLUTIONS - 1 ? features : growth;
                int in = features + i * growth;
                convs.add(Conv2d.load(weights.at(names.conv(block, number, i + 1)), in, out, 3));
            }
            return new DenseBlock(List.copyOf(convs));
        }

        @Override
        public Value forward(Graph g, Value x) {
            Value all = x;
            for (Conv2d conv : convs.subList(0, CONVOLUTIONS - 1)) {
                all = g.concat(3, all, LEAKY_RELU.forward(g, conv.forward(g, all)));
            }
            return g.add(g.scale(convs.getLast().forward(g, all), RESIDUAL, 0), x);
        }
    }
}
