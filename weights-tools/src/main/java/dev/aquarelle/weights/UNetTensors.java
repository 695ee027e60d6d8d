package dev.aquarelle.weights;

import dev.aquarelle.core.tensor.Shape;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Names and shapes of the tensors of diffusers' {@code UNet2DConditionModel}, as its {@code config.json} asks for them: Stable Diffusion 1 and 2,
 * SDXL and their inpainting variants.
 */
final class UNetTensors {
    private final List<Integer> channels;
    private final List<String> downTypes;
    private final List<String> upTypes;
    private final List<Integer> depths;
    private final int layers;
    private final int crossAttentionDim;
    private final boolean linearProjection;
    private final int timeEmbedDim;
    private final TensorList list = new TensorList();

    private UNetTensors(ConfigFile config) {
        channels = config.integers("block_out_channels");
        downTypes = config.strings("down_block_types");
        upTypes = config.strings("up_block_types");
        depths = config.integers("transformer_layers_per_block", channels.size(), 1);
        layers = config.integer("layers_per_block");
        crossAttentionDim = config.integer("cross_attention_dim");
        linearProjection = config.bool("use_linear_projection", false);
        timeEmbedDim = 4 * channels.getFirst();
        addAll(config);
    }

    static Map<String, Shape> of(ConfigFile config) {
        return new UNetTensors(config).list.shapes();
    }

    private void addAll(ConfigFile config) {
        int first = channels.getFirst();
        list.conv("conv_in", config.integer("in_channels"), first, 3);
        embedding("time_embedding", first);
        if (config.text("addition_embed_type", "").equals("text_time")) {
            embedding("add_embedding", config.integer("projection_class_embeddings_input_dim"));
        }
        Deque<Integer> skips = down();
        up(skips);
        mid();
        list.norm("conv_norm_out", first);
        list.conv("conv_out", first, config.integer("out_channels"), 3);
    }

    private void embedding(String name, int in) {
        list.at(name).linear("linear_1", in, timeEmbedDim);
        list.at(name).linear("linear_2", timeEmbedDim, timeEmbedDim);
    }

    /** The channels of what the up blocks will join, last on top. */
    private Deque<Integer> down() {
        Deque<Integer> skips = new ArrayDeque<>(List.of(channels.getFirst()));
        int in = channels.getFirst();
        for (int level = 0; level < channels.size(); level++) {
            TensorList block = list.at("down_blocks", level);
            int out = channels.get(level);
            for (int i = 0; i < layers; i++) {
                resnet(block.at("resnets", i), in, out);
                if (downTypes.get(level).startsWith("CrossAttn")) {
                    transformer(block.at("attentions", i), out, depths.get(level));
                }
                skips.push(out);
                in = out;
            }
            if (level + 1 < channels.size()) {
                block.conv("downsamplers.0.conv", out, out, 3);
                skips.push(out);
            }
        }
        return skips;
    }

    private void up(Deque<Integer> skips) {
        int in = channels.getLast();
        for (int i = 0; i < channels.size(); i++) {
            int level = channels.size() - 1 - i;
            TensorList block = list.at("up_blocks", i);
            int out = channels.get(level);
            for (int layer = 0; layer <= layers; layer++) {
                resnet(block.at("resnets", layer), in + skips.pop(), out);
                if (upTypes.get(i).startsWith("CrossAttn")) {
                    transformer(block.at("attentions", layer), out, depths.get(level));
                }
                in = out;
            }
            if (level > 0) {
                block.conv("upsamplers.0.conv", out, out, 3);
            }
        }
    }

    private void mid() {
        TensorList block = list.at("mid_block");
        int width = channels.getLast();
        resnet(block.at("resnets", 0), width, width);
        transformer(block.at("attentions", 0), width, depths.getLast());
        resnet(block.at("resnets", 1), width, width);
    }

    private void resnet(TensorList part, int in, int out) {
        part.norm("norm1", in);
        part.conv("conv1", in, out, 3);
        part.linear("time_emb_proj", timeEmbedDim, out);
        part.norm("norm2", out);
        part.conv("conv2", out, out, 3);
        if (in != out) {
            part.conv("conv_shortcut", in, out, 1);
        }
    }

    private void transformer(TensorList part, int width, int depth) {
        part.norm("norm", width);
        project(part, "proj_in", width);
        for (int i = 0; i < depth; i++) {
            TensorList block = part.at("transformer_blocks", i);
            block.norm("norm1", width);
            attention(block.at("attn1"), width, width);
            block.norm("norm2", width);
            attention(block.at("attn2"), width, crossAttentionDim);
            block.norm("norm3", width);
            block.linear("ff.net.0.proj", width, 2 * 4 * width); // GEGLU: value and gate
            block.linear("ff.net.2", 4 * width, width);
        }
        project(part, "proj_out", width);
    }

    private void project(TensorList part, String name, int width) {
        if (linearProjection) {
            part.linear(name, width, width);
        } else {
            part.conv(name, width, width, 1);
        }
    }

    private static void attention(TensorList part, int width, int contextWidth) {
        part.matrix("to_q", width, width);
        part.matrix("to_k", contextWidth, width);
        part.matrix("to_v", contextWidth, width);
        part.linear("to_out.0", width, width);
    }
}
