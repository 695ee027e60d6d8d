package dev.aquarelle.sd.vae;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.Downsample2D;
import dev.aquarelle.sd.nn.GroupNorm;
import dev.aquarelle.sd.nn.Layer;
import dev.aquarelle.sd.nn.ResnetBlock2D;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** From a picture [N, H, W, inChannels] to the moments of its latents [N, H/8, W/8, 2 latentChannels]. */
record Encoder(
        Conv2d convIn, List<DownEncoderBlock2D> downBlocks, VaeMidBlock midBlock, GroupNorm convNormOut, Conv2d convOut)
        implements Layer {

    static Encoder load(Weights weights, VaeConfig config) {
        List<Integer> channels = config.blockOutChannels();
        List<DownEncoderBlock2D> blocks = new ArrayList<>();
        for (int i = 0; i < channels.size(); i++) {
            blocks.add(DownEncoderBlock2D.load(weights.at("down_blocks." + i), i, config));
        }
        return new Encoder(
                Conv2d.load(weights.at("conv_in"), config.inChannels(), channels.getFirst(), 3),
                List.copyOf(blocks),
                VaeMidBlock.load(weights.at("mid_block"), config),
                GroupNorm.load(
                        weights.at("conv_norm_out"),
                        channels.getLast(),
                        config.norm().groups(),
                        config.norm().epsilon()),
                Conv2d.load(weights.at("conv_out"), channels.getLast(), 2 * config.latentChannels(), 3));
    }

    @Override
    public Value forward(Graph g, Value x) {
        Value h = convIn.forward(g, "conv_in", x);
        for (int i = 0; i < downBlocks.size(); i++) {
            h = downBlocks.get(i).forward(g, "down_blocks." + i, h);
        }
        h = midBlock.forward(g, "mid_block", h);
        return convOut.forward(g, "conv_out", g.silu(convNormOut.forward(g, "conv_norm_out", h)));
    }

    /** One level: residual blocks, then half the size, but for the last level. */
    record DownEncoderBlock2D(
            List<ResnetBlock2D> resnets, @Nullable Downsample2D downsampler) implements Layer {

        static DownEncoderBlock2D load(Weights weights, int index, VaeConfig config) {
            List<Integer> levels = config.blockOutChannels();
            int channels = levels.get(index);
            List<ResnetBlock2D> resnets = new ArrayList<>();
            for (int i = 0; i < config.layersPerBlock(); i++) {
                int in = i > 0 ? channels : levels.get(Math.max(0, index - 1));
                resnets.add(ResnetBlock2D.load(weights.at("resnets." + i), in, channels, config.norm()));
            }
            Downsample2D downsampler = index == levels.size() - 1
                    ? null
                    : Downsample2D.load(weights.at("downsamplers.0"), channels, Downsample2D.ASYMMETRIC);
            return new DownEncoderBlock2D(List.copyOf(resnets), downsampler);
        }

        @Override
        public Value forward(Graph g, Value x) {
            for (int i = 0; i < resnets.size(); i++) {
                x = resnets.get(i).forward(g, "resnets." + i, x);
            }
            return downsampler == null ? x : downsampler.forward(g, "downsamplers.0", x);
        }
    }
}
