package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.nn.NormConfig;
import dev.aquarelle.sd.unet.UNetConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * The configuration of a ControlNet that comes without one, by its tensors in diffusers' names. What they do not show is as in all published
 * models: 32 groups in norms, and 8 heads where the text is that of Stable Diffusion 1, 64 channels for each head elsewhere.
 */
final class ControlNetTensors {
    private static final int NORM_GROUPS = 32;
    private static final float EPSILON = 1e-5f;
    private static final int SIZE_SINUSOIDS = 256; // of each of the six numbers in SDXL's added condition
    private static final int SAMPLE_SIZE = 64;
    private static final int KERNEL = 3;
    private static final int FIRST_TEXT = 768;
    private static final int SDXL_TEXT = 2048;
    private static final int FIRST_HEADS = 8;
    private static final int HEAD_DIM = 64;

    private final Weights weights;

    private ControlNetTensors(Weights weights) {
        this.weights = weights;
    }

    static ControlNetConfig configOf(Weights weights) {
        return new ControlNetTensors(weights).config();
    }

    private ControlNetConfig config() {
        Shape convIn = FoundTensors.shape(weights, "conv_in.weight", 4);
        int crossAttentionDim = crossAttentionDim();
        List<UNetConfig.Block> downBlocks = new ArrayList<>();
        for (int level = 0; weights.hasPart("down_blocks." + level); level++) {
            downBlocks.add(block("down_blocks." + level, crossAttentionDim));
        }
        if (downBlocks.isEmpty()) {
            throw new ModelException(
                    "%s: expected a ControlNet, found none of its down_blocks".formatted(weights.where()));
        }
        UNetConfig encoder = new UNetConfig(
                convIn.dim(1),
                convIn.dim(1),
                SAMPLE_SIZE,
                SAMPLE_SIZE,
                false,
                true,
                0,
                downBlocks,
                block("mid_block", crossAttentionDim),
                List.of(),
                new NormConfig(NORM_GROUPS, EPSILON),
                FoundTensors.shape(weights, "time_embedding.linear_1.weight", 2).dim(0),
                KERNEL,
                KERNEL,
                0,
                weights.hasPart("add_embedding")
                        ? new UNetConfig.TextTime(
                                SIZE_SINUSOIDS,
                                FoundTensors.shape(weights, "add_embedding.linear_1.weight", 2)
                                        .dim(1))
                        : null);
        return new ControlNetConfig(
                encoder,
                FoundTensors.shape(weights, "controlnet_cond_embedding.conv_in.weight", 4)
                        .dim(1),
                embeddingChannels(),
                false,
                false);
    }

    private UNetConfig.Block block(String name, int crossAttentionDim) {
        int channels =
                FoundTensors.shape(weights, name + ".resnets.0.conv2.weight", 4).dim(0);
        String attention = name + ".attentions.0";
        boolean crossAttention = weights.hasPart(attention);
        if (channels % NORM_GROUPS != 0) {
            throw new ModelException("%s: %s has %d channels, expected a multiple of %d"
                    .formatted(weights.where(), name, channels, NORM_GROUPS));
        }
        return new UNetConfig.Block(
                channels,
                FoundTensors.count(weights, name + ".resnets"),
                crossAttention,
                FoundTensors.count(weights, attention + ".transformer_blocks"),
                crossAttention ? heads(name, channels, crossAttentionDim) : 1,
                crossAttentionDim,
                false);
    }

    private int heads(String name, int channels, int crossAttentionDim) {
        int heads = crossAttentionDim == FIRST_TEXT ? FIRST_HEADS : channels / HEAD_DIM;
        if (heads == 0 || channels % heads != 0) {
            throw new ModelException(
                    "%s: the tensors do not tell how many heads the %d channels of %s have, and there is no"
                                    .formatted(weights.where(), channels, name)
                            + " config.json beside the file");
        }
        return heads;
    }

    /** Of the first attention to the text there is; where there is none, nothing depends on it. */
    private int crossAttentionDim() {
        String toK = ".attentions.0.transformer_blocks.0.attn2.to_k.weight";
        for (int level = 0; weights.hasPart("down_blocks." + level); level++) {
            if (weights.has("down_blocks." + level + toK)) {
                return FoundTensors.shape(weights, "down_blocks." + level + toK, 2)
                        .dim(1);
            }
        }
        if (weights.has("mid_block" + toK)) {
            return FoundTensors.shape(weights, "mid_block" + toK, 2).dim(1);
        }
        return weights.hasPart("add_embedding") ? SDXL_TEXT : FIRST_TEXT;
    }

    private List<Integer> embeddingChannels() {
        List<Integer> channels = new ArrayList<>();
        String embedding = "controlnet_cond_embedding.";
        channels.add(
                FoundTensors.shape(weights, embedding + "conv_in.weight", 4).dim(0));
        for (int i = 1; weights.hasPart(embedding + "blocks." + i); i += 2) {
            channels.add(FoundTensors.shape(weights, embedding + "blocks." + i + ".weight", 4)
                    .dim(0));
        }
        if (channels.size() > ControlNetConfig.MOST_MAPS) {
            throw new ModelException("%s: %sblocks: expected %d maps at most, found %d"
                    .formatted(weights.where(), embedding, ControlNetConfig.MOST_MAPS, channels.size()));
        }
        return channels;
    }
}
