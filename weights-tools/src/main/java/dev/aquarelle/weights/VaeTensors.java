package dev.aquarelle.weights;

import dev.aquarelle.core.tensor.Shape;
import java.util.List;
import java.util.Map;

/** Names and shapes of the tensors of diffusers' {@code AutoencoderKL}, as its {@code config.json} asks for them. */
final class VaeTensors {
    private final List<Integer> channels;
    private final int layers;
    private final TensorList list = new TensorList();

    private VaeTensors(ConfigFile config) {
        channels = config.integers("block_out_channels");
        layers = config.integer("layers_per_block");
        int latents = config.integer("latent_channels");
        encoder(list.at("encoder"), config.integer("in_channels"), latents);
        decoder(list.at("decoder"), latents, config.integer("out_channels"));
        list.conv("quant_conv", 2 * latents, 2 * latents, 1); // mean and logarithm of the variance
        list.conv("post_quant_conv", latents, latents, 1);
    }

    static Map<String, Shape> of(ConfigFile config) {
        return new VaeTensors(config).list.shapes();
    }

    private void encoder(TensorList part, int pictureChannels, int latents) {
        int in = channels.getFirst();
        part.conv("conv_in", pictureChannels, in, 3);
        for (int level = 0; level < channels.size(); level++) {
            TensorList block = part.at("down_blocks", level);
            int out = channels.get(level);
            for (int i = 0; i < layers; i++) {
                resnet(block.at("resnets", i), in, out);
                in = out;
            }
            if (level + 1 < channels.size()) {
                block.conv("downsamplers.0.conv", out, out, 3);
            }
        }
        mid(part.at("mid_block"));
        part.norm("conv_norm_out", channels.getLast());
        part.conv("conv_out", channels.getLast(), 2 * latents, 3);
    }

    private void decoder(TensorList part, int latents, int pictureChannels) {
        int in = channels.getLast();
        part.conv("conv_in", latents, in, 3);
        for (int i = 0; i < channels.size(); i++) {
            TensorList block = part.at("up_blocks", i);
            int out = channels.get(channels.size() - 1 - i);
            for (int layer = 0; layer <= layers; layer++) {
                resnet(block.at("resnets", layer), in, out);
                in = out;
            }
            if (i + 1 < channels.size()) {
                block.conv("upsamplers.0.conv", out, out, 3);
            }
        }
        mid(part.at("mid_block"));
        part.norm("conv_norm_out", channels.getFirst());
        part.conv("conv_out", channels.getFirst(), pictureChannels, 3);
    }

    private void mid(TensorList block) {
        int width = channels.getLast();
        resnet(block.at("resnets", 0), width, width);
        TensorList attention = block.at("attentions", 0);
        attention.norm("group_norm", width);
        for (String matrix : List.of("to_q", "to_k", "to_v", "to_out.0")) {
            attention.linear(matrix, width, width);
        }
        resnet(block.at("resnets", 1), width, width);
    }

    private static void resnet(TensorList part, int in, int out) {
        part.norm("norm1", in);
        part.conv("conv1", in, out, 3);
        part.norm("norm2", out);
        part.conv("conv2", out, out, 3);
        if (in != out) {
            part.conv("conv_shortcut", in, out, 1);
        }
    }
}
