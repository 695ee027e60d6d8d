package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.demo.DemoModel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files to add to the demo model, made up. */
final class DemoAddOns {
    private static final int[] SKIPS = {96, 96, 96, 128, 128, 128};

    private DemoAddOns() {}

    private static Tensor waves(double size, int... dims) {
        int count = 1;
        for (int dim : dims) {
            count *= dim;
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (size * Math.sin(1.7 * i + 0.3));
        }
        return Tensor.of(values, dims);
    }

    /** A LoRA of rank 2 in kohya's names, for one layer's queries and the text encoder's first perceptron. */
    static Path lora(Path folder) throws IOException {
        Path file = folder.resolve("lora.safetensors");
        new SafetensorsWriter()
                .add(
                        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_v.lora_down.weight",
                        waves(0.5, 2, 128))
                .add(
                        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_v.lora_up.weight",
                        waves(0.5, 128, 2))
                .add("lora_te_text_model_encoder_layers_0_mlp_fc2.lora_down.weight", waves(0.2, 2, 512))
                .add("lora_te_text_model_encoder_layers_0_mlp_fc2.lora_up.weight", waves(0.2, 128, 2))
                .write(file);
        return file;
    }

    /** A difference of one layer's values, 128 x 128, which makes another weight of it. */
    static Path difference(Path folder) throws IOException {
        Path file = folder.resolve("difference.safetensors");
        new SafetensorsWriter()
                .add("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_v.diff", waves(0.2, 128, 128))
                .write(file);
        return file;
    }

    /** A ControlNet: the denoiser's own first half, and connections that are not trained but not zero either. */
    static Path controlNet(Path folder) throws IOException {
        Path unet = DemoModel.path().resolve("unet");
        Path net = Files.createDirectories(folder.resolve("controlnet"));
        String config = Files.readString(unet.resolve("config.json"));
        Files.writeString(
                net.resolve("config.json"),
                config.replace("UNet2DConditionModel", "ControlNetModel")
                        .replaceFirst("\\{", "{\"conditioning_embedding_out_channels\": [4, 8, 8, 8],"));
        try (Arena arena = Arena.ofConfined()) {
            Weights weights = Weights.open(unet, arena);
            SafetensorsWriter writer = new SafetensorsWriter();
            for (String name : weights.names()) {
                if (name.matches("(conv_in|time_embedding|down_blocks|mid_block)\\..*")) {
                    writer.add(name, weights.get(name));
                }
            }
            conv(writer, "controlnet_cond_embedding.conv_in", 3, 4, 3);
            int[] maps = {4, 8, 8, 8};
            for (int i = 0; i < 3; i++) {
                conv(writer, "controlnet_cond_embedding.blocks." + 2 * i, maps[i], maps[i], 3);
                conv(writer, "controlnet_cond_embedding.blocks." + (2 * i + 1), maps[i], maps[i + 1], 3);
            }
            conv(writer, "controlnet_cond_embedding.conv_out", 8, 96, 3);
            for (int i = 0; i < SKIPS.length; i++) {
                conv(writer, "controlnet_down_blocks." + i, SKIPS[i], SKIPS[i], 1);
            }
            conv(writer, "controlnet_mid_block", 128, 128, 1);
            writer.write(net.resolve("diffusion_pytorch_model.safetensors"));
        }
        return net;
    }

    private static void conv(SafetensorsWriter writer, String name, int in, int out, int kernel) {
        writer.add(name + ".weight", waves(0.3 / Math.sqrt(in * kernel * kernel), out, in, kernel, kernel));
        writer.add(name + ".bias", waves(0.1, out));
    }

    /** A T2I-Adapter as SDXL has them, of one residual block for each of the denoiser's two blocks. */
    static Path adapter(Path folder) throws IOException {
        Path file = folder.resolve("adapter.safetensors");
        SafetensorsWriter writer = new SafetensorsWriter();
        conv(writer, "adapter.conv_in", 3 * 16 * 16, 96, 3);
        conv(writer, "adapter.body.1.in_conv", 96, 128, 1);
        int[] channels = {96, 128};
        for (int i = 0; i < channels.length; i++) {
            conv(writer, "adapter.body." + i + ".resnets.0.block1", channels[i], channels[i], 3);
            conv(writer, "adapter.body." + i + ".resnets.0.block2", channels[i], channels[i], 1);
        }
        writer.write(file);
        return file;
    }
}
