package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.sd.FormulaWeights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** ControlNets of two levels with one layer each, by diffusers' names, of {@link FormulaWeights}. */
final class TinyControlNet {
    static final UNetInputs.Sizes SIZES = new UNetInputs.Sizes(1, 2, 2, 3);

    private TinyControlNet() {}

    /** The tensors of one with 8 and 16 channels, for a text of width 6. */
    static Map<String, Tensor> tensors() {
        return tensors(2, 6, 8, 16, 4, 6);
    }

    /** The tensors of one with so many channels on its levels and in the two maps of the picture. */
    static Map<String, Tensor> tensors(int sample, int text, int outer, int inner, int firstMap, int secondMap) {
        FormulaWeights tensors = new FormulaWeights(4 * outer, text);
        tensors.conv("conv_in", sample, outer, 3);
        tensors.linear("time_embedding.linear_1", outer, 4 * outer);
        tensors.linear("time_embedding.linear_2", 4 * outer, 4 * outer);
        tensors.resnet("down_blocks.0.resnets.0", outer, outer);
        tensors.transformer("down_blocks.0.attentions.0", outer, false);
        tensors.conv("down_blocks.0.downsamplers.0.conv", outer, outer, 3);
        tensors.resnet("down_blocks.1.resnets.0", outer, inner);
        tensors.transformer("down_blocks.1.attentions.0", inner, false);
        tensors.resnet("mid_block.resnets.0", inner, inner);
        tensors.transformer("mid_block.attentions.0", inner, false);
        tensors.resnet("mid_block.resnets.1", inner, inner);
        tensors.conv("controlnet_cond_embedding.conv_in", 3, firstMap, 3);
        tensors.conv("controlnet_cond_embedding.blocks.0", firstMap, firstMap, 3);
        tensors.conv("controlnet_cond_embedding.blocks.1", firstMap, secondMap, 3);
        tensors.conv("controlnet_cond_embedding.conv_out", secondMap, outer, 3);
        tensors.conv("controlnet_down_blocks.0", outer, outer, 1);
        tensors.conv("controlnet_down_blocks.1", outer, outer, 1);
        tensors.conv("controlnet_down_blocks.2", outer, outer, 1);
        tensors.conv("controlnet_down_blocks.3", inner, inner, 1);
        tensors.conv("controlnet_mid_block", inner, inner, 1);
        return tensors.tensors();
    }

    /** The one of {@link #tensors()}. */
    static ControlNetModel load(String fields) {
        return load("net.safetensors", "\"cross_attention_dim\": 6, " + fields);
    }

    static ControlNetModel load(String where, String fields) {
        return ControlNetModel.load(Weights.of(where, tensors()), config(fields));
    }

    static ControlNetConfig config(String fields) {
        return ControlNetConfig.of(ModelConfig.parse("config.json", """
            {"in_channels": 2, "block_out_channels": [8, 16], "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 2,
             "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
             "conditioning_embedding_out_channels": [4, 6], %s}
            """.formatted(fields)));
    }

    /** A program of nets at these {@link #SIZES}. */
    static Program compile(ControlNetModel... nets) {
        return Backends.open("reference", BackendOptions.DEFAULT)
                .compile(new ControlNets(List.of(nets)).graph(SIZES, 1));
    }

    /** What nets are asked: {@code sin(0.9 (i + 1))} at timestep 500, a text of {@code sin(1.1 (i + 1))} and a picture of sines. */
    static Tensor[] inputs(Tensor... scales) {
        List<Tensor> inputs = new ArrayList<>(List.of(
                Tensor.of(FormulaWeights.sines(8, 0.9, 0, 1, 0), 1, 2, 2, 2),
                Tensor.of(new float[] {500}, 1),
                Tensor.of(FormulaWeights.sines(18, 1.1, 0, 1, 0), 1, 3, 6)));
        for (Tensor scale : scales) {
            inputs.add(Tensor.of(FormulaWeights.sines(48, 1.3, 0, 0.5, 0.5), 1, 4, 4, 3));
            inputs.add(scale);
        }
        return inputs.toArray(Tensor[]::new);
    }

    /** What one net makes of these. */
    static float[] run(ControlNetModel net, Tensor scales, String output) {
        try (Program program = compile(net)) {
            program.run(inputs(scales));
            return program.output(output).toFloatArray();
        }
    }
}
