package dev.aquarelle.sd.vae;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.GroupNorm;
import dev.aquarelle.sd.nn.Layer;
import dev.aquarelle.sd.nn.ResnetBlock2D;
import dev.aquarelle.sd.nn.Upsample2D;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** From latents [N, h, w, latentChannels] to a picture [N, 8 h, 8 w, outChannels]. */
record Decoder(
        Conv2d convIn, VaeMidBlock midBlock, List<UpDecoderBlock2D> upBlocks, GroupNorm convNormOut, Conv2d convOut)
        implements Layer {

    static Decoder load(Weights weights, VaeConfig config) {
        List<Integer> channels = config.blockOutChannels().reversed();
        List<UpDecoderBlock2D> blocks = new ArrayList<>();
        for (int i = 0; i < channels.size(); i++) {
            blocks.add(UpDecoderBlock2D.load(weights.at("up_blocks." + i), i, config));
        }
        return new Decoder(
                Conv2d.load(weights.at("conv_in"), config.latentChannels(), channels.getFirst(), 3),
                VaeMidBlock.load(weights.at("mid_block"), config),
                List.copyOf(blocks),
                GroupNorm.load(
                        weights.at("conv_norm_out"),
                        channels.getLast(),
                        config.norm().groups(),
                        config.norm().epsilon()),
                Conv2d.load(weights.at("conv_out"), channels.getLast(), config.outChannels(), 3));
    }

    @Override
    public Value forward(Graph g, Value x) {
        Value h = convIn.forward(g, "conv_in", x);
        h = midBlock.forward(g, "mid_block", h);
        for (int i = 0; i < upBlocks.size(); i++) {
            h = upBlocks.get(i).forward(g, "up_blocks." + i, h);
        }
        return convOut.forward(g, "conv_out", g.silu(convNormOut.forward(g, "conv_norm_out", h)));
    }

    /** One level: residual blocks, then twice the size, but for the last level. */
    record UpDecoderBlock2D(
            List<ResnetBlock2D> resnets, @Nullable Upsample2D upsampler) implements Layer {

        static UpDecoderBlock2D load(Weights weights, int index, VaeConfig config) {
            List<Integer> levels = config.blockOutChannels().reversed();
            int channels = levels.get(index);
            List<ResnetBlock2D> resnets = new ArrayList<>();
            for (int i = 0; i <= config.layersPerBlock(); i++) {
                int in = i > 0 ? channels : levels.get(Math.max(0, index - 1));
                resnets.add(ResnetBlock2D.load(weights.at("resnets." + i), in, channels, config.norm()));
            }
            Upsample2D upsampler =
                    index == levels.size() - 1 ? null : Upsample2D.load(weights.at("upsamplers.0"), channels);
            return new UpDecoderBlock2D(List.copyOf(resnets), upsampler);
        }

        @Override
        public Value forward(Graph g, Value x) {
            for (int i = 0; i < resnets.size(); i++) {
                x = resnets.get(i).forward(g, "resnets." + i, x);
            }
            return upsampler == null ? x : upsampler.forward(g, "upsamplers.0", x);
        }
    }
}
