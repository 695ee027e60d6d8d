package dev.aquarelle.sd.nn;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import org.jspecify.annotations.Nullable;

/**
 * Two 3x3 convolutions around a shortcut, in the U-Net with the timestep embedding added between them.
 * x {@code [N, H, W, inChannels]} and temb {@code [N, timeEmbedDim]} give {@code [N, H, W, outChannels]}.
 *
 * @param timeEmbProj absent in the autoencoder
 * @param shortcut a 1x1 convolution where the number of channels changes
 */
public record ResnetBlock2D(
        GroupNorm norm1, Conv2d conv1, @Nullable Linear timeEmbProj, GroupNorm norm2, Conv2d conv2, Layer shortcut)
        implements Layer {

    /** A block of the autoencoder, which knows no time. */
    public static ResnetBlock2D load(Weights weights, int inChannels, int outChannels, NormConfig norm) {
        return load(weights, inChannels, outChannels, norm, null);
    }

    /** A block of the U-Net. */
    public static ResnetBlock2D load(
            Weights weights, int inChannels, int outChannels, NormConfig norm, int timeEmbedDim) {
        return load(
                weights,
                inChannels,
                outChannels,
                norm,
                Linear.load(weights.at("time_emb_proj"), timeEmbedDim, outChannels));
    }

    private static ResnetBlock2D load(
            Weights weights, int inChannels, int outChannels, NormConfig norm, @Nullable Linear timeEmbProj) {
        return new ResnetBlock2D(
                GroupNorm.load(weights.at("norm1"), inChannels, norm.groups(), norm.epsilon()),
                Conv2d.load(weights.at("conv1"), inChannels, outChannels, 3),
                timeEmbProj,
                GroupNorm.load(weights.at("norm2"), outChannels, norm.groups(), norm.epsilon()),
                Conv2d.load(weights.at("conv2"), outChannels, outChannels, 3),
                inChannels == outChannels
                        ? IDENTITY
                        : Conv2d.load(weights.at("conv_shortcut"), inChannels, outChannels, 1));
    }

    @Override
    public Value forward(Graph g, Value x) {
        return forward(g, x, null);
    }

    /** With the timestep embedding, if the block takes one. */
    public Value forward(Graph g, Value x, @Nullable Value temb) {
        Value h = conv1.forward(g, g.silu(norm1.forward(g, x)));
        if (timeEmbProj != null && temb != null) {
            h = g.addPerChannel(h, timeEmbProj.forward(g, g.silu(temb)));
        }
        h = conv2.forward(g, g.silu(norm2.forward(g, h)));
        return g.add(shortcut.forward(g, x), h);
    }
}
