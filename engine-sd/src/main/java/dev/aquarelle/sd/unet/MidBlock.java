package dev.aquarelle.sd.unet;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.EncoderHiddenStates;
import dev.aquarelle.sd.nn.ResnetBlock2D;
import dev.aquarelle.sd.nn.Transformer2D;

/** The bottom of the U. */
sealed interface MidBlock {

    /** x {@code [N, H, W, C]}, temb {@code [N, timeEmbedDim]}, a text {@code [N, S, crossAttentionDim]}. */
    Value forward(Graph g, Value x, Value temb, EncoderHiddenStates context);

    /** With a transformer or without, as the configuration says. */
    static MidBlock load(Weights weights, UNetConfig.Block block, UNetConfig config) {
        ResnetBlock2D first = loadResnet(weights.at("resnets.0"), block, config);
        return block.crossAttention()
                ? new UNetMidBlock2DCrossAttn(
                        first,
                        UNetEncoder.loadTransformer(weights.at("attentions.0"), block, config),
                        loadResnet(weights.at("resnets.1"), block, config))
                : new UNetMidBlock2D(first);
    }

    private static ResnetBlock2D loadResnet(Weights weights, UNetConfig.Block block, UNetConfig config) {
        return ResnetBlock2D.load(weights, block.channels(), block.channels(), config.norm(), config.timeEmbedDim());
    }

    /** One residual block (small ControlNets of SDXL). */
    record UNetMidBlock2D(ResnetBlock2D resnet) implements MidBlock {
        @Override
        public Value forward(Graph g, Value x, Value temb, EncoderHiddenStates context) {
            try (var _ = g.scope("resnets.0")) {
                return resnet.forward(g, x, temb);
            }
        }
    }

    /** A transformer between two residual blocks. */
    record UNetMidBlock2DCrossAttn(ResnetBlock2D resnet0, Transformer2D attention, ResnetBlock2D resnet1)
            implements MidBlock {
        @Override
        public Value forward(Graph g, Value x, Value temb, EncoderHiddenStates context) {
            try (var _ = g.scope("resnets.0")) {
                x = resnet0.forward(g, x, temb);
            }
            try (var _ = g.scope("attentions.0")) {
                x = attention.forward(g, x, context);
            }
            try (var _ = g.scope("resnets.1")) {
                return resnet1.forward(g, x, temb);
            }
        }
    }
}
