package dev.aquarelle.sd.unet;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Downsample2D;
import dev.aquarelle.sd.nn.EncoderHiddenStates;
import dev.aquarelle.sd.nn.ResnetBlock2D;
import dev.aquarelle.sd.nn.Transformer2D;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One level on the way down. Every intermediate result is left for the way up. */
sealed interface DownBlock {

    /**
     * x {@code [N, H, W, in]}, temb {@code [N, timeEmbedDim]} and a text {@code [N, S, crossAttentionDim]} give
     * {@code [N, H/2, W/2, out]}, rounded up, or keep H and W in the innermost block.
     *
     * @param adapterFeature what a T2I-Adapter adds to the last layer's output, or in blocks without transformers to the downsampler's
     * @param skips gets the output of each layer and of the downsampler
     */
    Value forward(
            Graph g,
            Value x,
            Value temb,
            EncoderHiddenStates context,
            @Nullable Value adapterFeature,
            Deque<Value> skips);

    /** The block of level {@code index}, whose input has {@code inChannels}. */
    static DownBlock load(Weights weights, int index, int inChannels, UNetConfig config) {
        UNetConfig.Block block = config.downBlocks().get(index);
        List<ResnetBlock2D> resnets = new ArrayList<>();
        List<Transformer2D> attentions = new ArrayList<>();
        for (int i = 0; i < block.layers(); i++) {
            resnets.add(ResnetBlock2D.load(
                    weights.at("resnets." + i),
                    i == 0 ? inChannels : block.channels(),
                    block.channels(),
                    config.norm(),
                    config.timeEmbedDim()));
            if (block.crossAttention()) {
                attentions.add(UNetEncoder.loadTransformer(weights.at("attentions." + i), block, config));
            }
        }
        Downsample2D downsampler = index == config.downBlocks().size() - 1
                ? null
                : Downsample2D.load(weights.at("downsamplers.0"), block.channels(), Downsample2D.SYMMETRIC);
        return block.crossAttention()
                ? new CrossAttnDownBlock2D(List.copyOf(resnets), List.copyOf(attentions), downsampler)
                : new DownBlock2D(List.copyOf(resnets), downsampler);
    }

    /** Residual blocks alone. */
    record DownBlock2D(
            List<ResnetBlock2D> resnets, @Nullable Downsample2D downsampler) implements DownBlock {
        @Override
        public Value forward(
                Graph g,
                Value x,
                Value temb,
                EncoderHiddenStates context,
                @Nullable Value adapterFeature,
                Deque<Value> skips) {
            for (int i = 0; i < resnets.size(); i++) {
                try (var _ = g.scope("resnets." + i)) {
                    x = resnets.get(i).forward(g, x, temb);
                }
                skips.push(x);
            }
            x = downsample(g, x, downsampler, skips);
            if (adapterFeature != null) {
                skips.pop(); // the reference adds to the map itself, so that the way up gets the sum too
                x = g.add(x, adapterFeature);
                skips.push(x);
            }
            return x;
        }
    }

    /** A transformer after each residual block. */
    record CrossAttnDownBlock2D(
            List<ResnetBlock2D> resnets,
            List<Transformer2D> attentions,
            @Nullable Downsample2D downsampler) implements DownBlock {
        @Override
        public Value forward(
                Graph g,
                Value x,
                Value temb,
                EncoderHiddenStates context,
                @Nullable Value adapterFeature,
                Deque<Value> skips) {
            for (int i = 0; i < resnets.size(); i++) {
                try (var _ = g.scope("resnets." + i)) {
                    x = resnets.get(i).forward(g, x, temb);
                }
                try (var _ = g.scope("attentions." + i)) {
                    x = attentions.get(i).forward(g, x, context);
                }
                if (adapterFeature != null && i == resnets.size() - 1) {
                    x = g.add(x, adapterFeature);
                }
                skips.push(x);
            }
            return downsample(g, x, downsampler, skips);
        }
    }

    private static Value downsample(Graph g, Value x, @Nullable Downsample2D downsampler, Deque<Value> skips) {
        if (downsampler == null) {
            return x;
        }
        Value half = downsampler.forward(g, "downsamplers.0", x);
        skips.push(half);
        return half;
    }
}
