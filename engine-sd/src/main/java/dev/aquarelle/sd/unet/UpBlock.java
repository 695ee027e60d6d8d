package dev.aquarelle.sd.unet;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.EncoderHiddenStates;
import dev.aquarelle.sd.nn.ResnetBlock2D;
import dev.aquarelle.sd.nn.Transformer2D;
import dev.aquarelle.sd.nn.Upsample2D;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One level on the way up: each layer gets its predecessor's output and, behind it, what a layer on the way down has left. */
sealed interface UpBlock {

    /**
     * x {@code [N, H, W, in]}, temb {@code [N, timeEmbedDim]} and a text {@code [N, S, crossAttentionDim]} give
     * {@code [N, H', W', out]}, where H' and W' are those of the next level's skip connections, 2 H or 2 H - 1.
     *
     * @param skips what the way down has left; this level takes its own from it
     * @param beforeLast what the last layer gets in place of its predecessor's output
     */
    Value forward(
            Graph g,
            Value x,
            Value temb,
            EncoderHiddenStates context,
            Deque<Value> skips,
            UnaryOperator<Value> beforeLast);

    /**
     * The block {@code index}, counted from the innermost.
     *
     * @param inChannels of the block's input
     * @param skipChannels of the skip connections, by layer
     */
    static UpBlock load(Weights weights, int index, int inChannels, List<Integer> skipChannels, UNetConfig config) {
        UNetConfig.Block block = config.upBlocks().get(index);
        List<ResnetBlock2D> resnets = new ArrayList<>();
        List<Transformer2D> attentions = new ArrayList<>();
        for (int i = 0; i < block.layers(); i++) {
            int channels = (i == 0 ? inChannels : block.channels()) + skipChannels.get(i);
            resnets.add(ResnetBlock2D.load(
                    weights.at("resnets." + i), channels, block.channels(), config.norm(), config.timeEmbedDim()));
            if (block.crossAttention()) {
                attentions.add(UNetEncoder.loadTransformer(weights.at("attentions." + i), block, config));
            }
        }
        Upsample2D upsampler = index == config.upBlocks().size() - 1
                ? null
                : Upsample2D.load(weights.at("upsamplers.0"), block.channels());
        return block.crossAttention()
                ? new CrossAttnUpBlock2D(List.copyOf(resnets), List.copyOf(attentions), upsampler)
                : new UpBlock2D(List.copyOf(resnets), upsampler);
    }

    /** Residual blocks alone. */
    record UpBlock2D(List<ResnetBlock2D> resnets, @Nullable Upsample2D upsampler) implements UpBlock {
        @Override
        public Value forward(
                Graph g,
                Value x,
                Value temb,
                EncoderHiddenStates context,
                Deque<Value> skips,
                UnaryOperator<Value> beforeLast) {
            for (int i = 0; i < resnets.size(); i++) {
                x = i == resnets.size() - 1 ? beforeLast.apply(x) : x;
                try (var _ = g.scope("resnets." + i)) {
                    x = resnets.get(i).forward(g, g.concat(3, x, skips.pop()), temb);
                }
            }
            return upsample(g, x, upsampler, skips);
        }
    }

    /** A transformer after each residual block. */
    record CrossAttnUpBlock2D(
            List<ResnetBlock2D> resnets,
            List<Transformer2D> attentions,
            @Nullable Upsample2D upsampler) implements UpBlock {
        @Override
        public Value forward(
                Graph g,
                Value x,
                Value temb,
                EncoderHiddenStates context,
                Deque<Value> skips,
                UnaryOperator<Value> beforeLast) {
            for (int i = 0; i < resnets.size(); i++) {
                x = i == resnets.size() - 1 ? beforeLast.apply(x) : x;
                try (var _ = g.scope("resnets." + i)) {
                    x = resnets.get(i).forward(g, g.concat(3, x, skips.pop()), temb);
                }
                try (var _ = g.scope("attentions." + i)) {
                    x = attentions.get(i).forward(g, x, context);
                }
            }
            return upsample(g, x, upsampler, skips);
        }
    }

    private static Value upsample(Graph g, Value x, @Nullable Upsample2D upsampler, Deque<Value> skips) {
        if (upsampler == null) {
            return x;
        }
        Shape next = skips.element().shape();
        try (var _ = g.scope("upsamplers.0")) {
            return upsampler.forward(g, x, next.dim(1), next.dim(2));
        }
    }
}
