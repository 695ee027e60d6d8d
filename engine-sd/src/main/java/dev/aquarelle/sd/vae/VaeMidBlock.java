package dev.aquarelle.sd.vae;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Attention;
import dev.aquarelle.sd.nn.GroupNorm;
import dev.aquarelle.sd.nn.Layer;
import dev.aquarelle.sd.nn.Linear;
import dev.aquarelle.sd.nn.ResnetBlock2D;

/** The innermost level: attention between all pixels, with one head as wide as the channels, between two residual blocks. */
record VaeMidBlock(ResnetBlock2D resnet0, Layer attention, ResnetBlock2D resnet1) implements Layer {

    static VaeMidBlock load(Weights weights, VaeConfig config) {
        int channels = config.blockOutChannels().getLast();
        return new VaeMidBlock(
                ResnetBlock2D.load(weights.at("resnets.0"), channels, channels, config.norm()),
                config.midBlockAttention()
                        ? PixelAttention.load(weights.at("attentions.0"), channels, config)
                        : IDENTITY,
                ResnetBlock2D.load(weights.at("resnets.1"), channels, channels, config.norm()));
    }

    @Override
    public Value forward(Graph g, Value x) {
        Value h = resnet0.forward(g, "resnets.0", x);
        h = attention.forward(g, "attentions.0", h);
        return resnet1.forward(g, "resnets.1", h);
    }

    /** Attention of a feature map's pixels to each other, after a group norm and around a shortcut. */
    private record PixelAttention(GroupNorm groupNorm, Attention attention) implements Layer {

        /** By today's names, or by those of the first releases: {@code query}, {@code key}, {@code value}, {@code proj_attn}. */
        static PixelAttention load(Weights weights, int channels, VaeConfig config) {
            boolean old = weights.has("query.weight");
            return new PixelAttention(
                    GroupNorm.load(
                            weights.at("group_norm"),
                            channels,
                            config.norm().groups(),
                            config.norm().epsilon()),
                    new Attention(
                            Linear.loadPointwise(weights.at(old ? "query" : "to_q"), channels, channels),
                            Linear.loadPointwise(weights.at(old ? "key" : "to_k"), channels, channels),
                            Linear.loadPointwise(weights.at(old ? "value" : "to_v"), channels, channels),
                            Linear.loadPointwise(weights.at(old ? "proj_attn" : "to_out.0"), channels, channels),
                            1));
        }

        @Override
        public Value forward(Graph g, Value x) {
            Shape image = x.shape();
            Value h = groupNorm.forward(g, x);
            h = g.reshape(h, image.dim(0), image.dim(1) * image.dim(2), image.last());
            return g.add(g.reshape(attention.forward(g, h, h), image.dims()), x);
        }
    }
}
