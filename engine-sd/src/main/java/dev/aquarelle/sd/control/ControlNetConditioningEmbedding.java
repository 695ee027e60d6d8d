package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.nn.Conv2d;
import dev.aquarelle.sd.nn.Layer;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes a map of the size of the latents from the picture: [N, 8 H, 8 W, 3] gives [N, H, W, C]. It knows neither noise nor time, so a
 * program computes it once for each picture.
 */
record ControlNetConditioningEmbedding(Conv2d convIn, List<Conv2d> blocks, Conv2d convOut) implements Layer {

    static ControlNetConditioningEmbedding load(Weights weights, ControlNetConfig config) {
        List<Integer> channels = config.conditioningEmbeddingOutChannels();
        List<Conv2d> blocks = new ArrayList<>();
        for (int i = 0; i + 1 < channels.size(); i++) {
            int in = channels.get(i);
            blocks.add(Conv2d.load(weights.at("blocks." + 2 * i), in, in, 3));
            blocks.add(Conv2d.load(weights.at("blocks." + (2 * i + 1)), in, channels.get(i + 1), 3, 2, Padding.all(1)));
        }
        int outermost = config.encoder().downBlocks().getFirst().channels();
        return new ControlNetConditioningEmbedding(
                Conv2d.load(weights.at("conv_in"), config.conditioningChannels(), channels.getFirst(), 3),
                List.copyOf(blocks),
                Conv2d.load(weights.at("conv_out"), channels.getLast(), outermost, 3));
    }

    @Override
    public Value forward(Graph g, Value picture) {
        Value x = g.silu(convIn.forward(g, "conv_in", picture));
        for (int i = 0; i < blocks.size(); i++) {
            x = g.silu(blocks.get(i).forward(g, "blocks." + i, x));
        }
        return convOut.forward(g, "conv_out", x);
    }
}
