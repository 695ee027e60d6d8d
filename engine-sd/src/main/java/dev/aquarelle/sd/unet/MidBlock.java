package dev.aquarelle.sd.unet;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.ResnetBlock2D;
import dev.aquarelle.sd.nn.Transformer2D;

/** The bottom of the U: a transformer between two residual blocks ({@code UNetMidBlock2DCrossAttn}). */
record MidBlock(ResnetBlock2D resnet0, Transformer2D attention, ResnetBlock2D resnet1) {

    static MidBlock load(Weights weights, UNetConfig.Block block, UNetConfig config) {
        int channels = block.channels();
        return new MidBlock(
                ResnetBlock2D.load(weights.at("resnets.0"), channels, channels, config.norm(), config.timeEmbedDim()),
                UNet2DConditionModel.loadTransformer(weights.at("attentions.0"), block, config),
                ResnetBlock2D.load(weights.at("resnets.1"), channels, channels, config.norm(), config.timeEmbedDim()));
    }

    /** x {@code [N, H, W, C]}, temb {@code [N, timeEmbedDim]}, encoderHiddenStates {@code [N, S, crossAttentionDim]}. */
    Value forward(Graph g, Value x, Value temb, Value encoderHiddenStates) {
        try (var _ = g.scope("resnets.0")) {
            x = resnet0.forward(g, x, temb);
        }
        try (var _ = g.scope("attentions.0")) {
            x = attention.forward(g, x, encoderHiddenStates);
        }
        try (var _ = g.scope("resnets.1")) {
            return resnet1.forward(g, x, temb);
        }
    }
}
