package dev.aquarelle.sd.unet;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.sd.ModelConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A denoiser of two levels by diffusers' names, whose weights are a formula, so that the reference needs no file to compute the same:
 * number {@code i} of the tensor {@code k}, counted in the order of the names, is {@code 0.2 sin(0.7 (i + 1) + 0.31 k)}, and 1 more in
 * the weights of norms.
 */
final class TinyUNet {
    private static final int TEXT = 6;

    private final Map<String, Shape> shapes = new TreeMap<>();

    private TinyUNet(boolean outer, boolean inner, boolean midBlock) {
        conv("conv_in", 2, 8, 3);
        linear("time_embedding.linear_1", 8, 32);
        linear("time_embedding.linear_2", 32, 32);
        resnet("down_blocks.0.resnets.0", 8, 8);
        transformer("down_blocks.0.attentions.0", 8, outer);
        conv("down_blocks.0.downsamplers.0.conv", 8, 8, 3);
        resnet("down_blocks.1.resnets.0", 8, 16);
        transformer("down_blocks.1.attentions.0", 16, inner);
        if (midBlock) {
            resnet("mid_block.resnets.0", 16, 16);
            transformer("mid_block.attentions.0", 16, false);
            resnet("mid_block.resnets.1", 16, 16);
        }
        resnet("up_blocks.0.resnets.0", 16 + 16, 16);
        transformer("up_blocks.0.attentions.0", 16, inner);
        resnet("up_blocks.0.resnets.1", 16 + 8, 16);
        transformer("up_blocks.0.attentions.1", 16, inner);
        conv("up_blocks.0.upsamplers.0.conv", 16, 16, 3);
        resnet("up_blocks.1.resnets.0", 16 + 8, 8);
        transformer("up_blocks.1.attentions.0", 8, outer);
        resnet("up_blocks.1.resnets.1", 8 + 8, 8);
        transformer("up_blocks.1.attentions.1", 8, outer);
        norm("conv_norm_out", 8);
        conv("conv_out", 8, 1, 3);
    }

    /**
     * What it makes of {@code sin(0.9 (i + 1))} at timestep 500 and a text of {@code sin(1.1 (i + 1))}.
     *
     * @param outer whether the transformers of the outer level look at the text only
     * @param inner whether those of the inner level do
     * @param midBlock whether it has one
     * @param fields of the configuration that say so
     */
    static float[] run(boolean outer, boolean inner, boolean midBlock, String fields) {
        UNetConfig config = UNetConfig.of(ModelConfig.parse("config.json", """
            {"in_channels": 2, "out_channels": 1, "block_out_channels": [8, 16], "layers_per_block": 1, "norm_num_groups": 4,
             "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
             "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
             "cross_attention_dim": 6, "attention_head_dim": 2, %s}
            """.formatted(fields)));
        UNet2DConditionModel unet = UNet2DConditionModel.load(new TinyUNet(outer, inner, midBlock).weights(), config);
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT);
                Program program = backend.compile(unet.graph(new UNetInputs.Sizes(1, 4, 4, 3)))) {
            return program.run(
                            Tensor.of(sines(32, 0.9, 0, 1, 0), 1, 4, 4, 2),
                            Tensor.of(new float[] {500}, 1),
                            Tensor.of(sines(18, 1.1, 0, 1, 0), 1, 3, TEXT))
                    .toFloatArray();
        }
    }

    private Weights weights() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> {
            boolean ofNorm = shape.rank() == 1 && name.endsWith(".weight");
            float[] values = sines((int) shape.size(), 0.7, 0.31 * tensors.size(), 0.2, ofNorm ? 1 : 0);
            tensors.put(name, Tensor.of(values, shape.dims()));
        });
        return Weights.of("model.safetensors", tensors);
    }

    private static float[] sines(int count, double frequency, double phase, double height, double offset) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (height * Math.sin(frequency * (i + 1) + phase) + offset);
        }
        return values;
    }

    private void resnet(String name, int in, int out) {
        norm(name + ".norm1", in);
        conv(name + ".conv1", in, out, 3);
        linear(name + ".time_emb_proj", 32, out);
        norm(name + ".norm2", out);
        conv(name + ".conv2", out, out, 3);
        if (in != out) {
            conv(name + ".conv_shortcut", in, out, 1);
        }
    }

    private void transformer(String name, int channels, boolean onlyCrossAttention) {
        String block = name + ".transformer_blocks.0";
        norm(name + ".norm", channels);
        conv(name + ".proj_in", channels, channels, 1);
        norm(block + ".norm1", channels);
        attention(block + ".attn1", channels, onlyCrossAttention ? TEXT : channels);
        norm(block + ".norm2", channels);
        attention(block + ".attn2", channels, TEXT);
        norm(block + ".norm3", channels);
        linear(block + ".ff.net.0.proj", channels, 8 * channels);
        linear(block + ".ff.net.2", 4 * channels, channels);
        conv(name + ".proj_out", channels, channels, 1);
    }

    private void attention(String name, int channels, int context) {
        shapes.put(name + ".to_q.weight", Shape.of(channels, channels));
        shapes.put(name + ".to_k.weight", Shape.of(channels, context));
        shapes.put(name + ".to_v.weight", Shape.of(channels, context));
        linear(name + ".to_out.0", channels, channels);
    }

    private void linear(String name, int in, int out) {
        shapes.put(name + ".weight", Shape.of(out, in));
        shapes.put(name + ".bias", Shape.of(out));
    }

    private void conv(String name, int in, int out, int kernel) {
        shapes.put(name + ".weight", Shape.of(out, in, kernel, kernel));
        shapes.put(name + ".bias", Shape.of(out));
    }

    private void norm(String name, int channels) {
        shapes.put(name + ".weight", Shape.of(channels));
        shapes.put(name + ".bias", Shape.of(channels));
    }
}
