package dev.aquarelle.sd.unet;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.FormulaWeights;
import dev.aquarelle.sd.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/** A denoiser of two levels by diffusers' names, of {@link FormulaWeights}. */
public final class TinyUNet {
    private static final int TEXT = 6;
    private static final UNetInputs.Sizes SIZES = new UNetInputs.Sizes(1, 4, 4, 3);

    private final FormulaWeights tensors = new FormulaWeights(32, TEXT);

    private TinyUNet(boolean outer, boolean inner, boolean midBlock) {
        tensors.conv("conv_in", 2, 8, 3);
        tensors.linear("time_embedding.linear_1", 8, 32);
        tensors.linear("time_embedding.linear_2", 32, 32);
        tensors.resnet("down_blocks.0.resnets.0", 8, 8);
        tensors.transformer("down_blocks.0.attentions.0", 8, outer);
        tensors.conv("down_blocks.0.downsamplers.0.conv", 8, 8, 3);
        tensors.resnet("down_blocks.1.resnets.0", 8, 16);
        tensors.transformer("down_blocks.1.attentions.0", 16, inner);
        if (midBlock) {
            tensors.resnet("mid_block.resnets.0", 16, 16);
            tensors.transformer("mid_block.attentions.0", 16, false);
            tensors.resnet("mid_block.resnets.1", 16, 16);
        }
        tensors.resnet("up_blocks.0.resnets.0", 16 + 16, 16);
        tensors.transformer("up_blocks.0.attentions.0", 16, inner);
        tensors.resnet("up_blocks.0.resnets.1", 16 + 8, 16);
        tensors.transformer("up_blocks.0.attentions.1", 16, inner);
        tensors.conv("up_blocks.0.upsamplers.0.conv", 16, 16, 3);
        tensors.resnet("up_blocks.1.resnets.0", 16 + 8, 8);
        tensors.transformer("up_blocks.1.attentions.0", 8, outer);
        tensors.resnet("up_blocks.1.resnets.1", 8 + 8, 8);
        tensors.transformer("up_blocks.1.attentions.1", 8, outer);
        tensors.norm("conv_norm_out", 8);
        tensors.conv("conv_out", 8, 1, 3);
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
        return run(load(new TinyUNet(outer, inner, midBlock), "CrossAttn", fields), Steering.Kinds.NONE);
    }

    /**
     * The same of one that is steered: number {@code i} of what steers it {@code k}-th is {@code 0.3 sin(0.5 (i + 1) + k)}.
     *
     * @param outer what the type of the outer blocks begins with
     */
    static float[] steered(String outer, Steering.Kinds kinds) {
        return run(withOuter(outer), kinds);
    }

    /**
     * One with a middle, whose transformers all look at the pixels and the text.
     *
     * @param outer what the type of the outer blocks begins with
     */
    static UNet2DConditionModel withOuter(String outer) {
        return load(new TinyUNet(false, false, true), outer, "\"freq_shift\": 0");
    }

    /** Weights of one with a middle, whose transformers all look at the pixels and the text. */
    public static Weights weights() {
        return new TinyUNet(false, false, true).tensors.weights();
    }

    /** Its configuration. */
    public static UNetConfig config() {
        return config("CrossAttn", "\"freq_shift\": 0");
    }

    private static UNetConfig config(String outer, String fields) {
        return UNetConfig.of(ModelConfig.parse("config.json", """
            {"in_channels": 2, "out_channels": 1, "block_out_channels": [8, 16], "layers_per_block": 1, "norm_num_groups": 4,
             "down_block_types": ["%sDownBlock2D", "CrossAttnDownBlock2D"],
             "up_block_types": ["CrossAttnUpBlock2D", "%sUpBlock2D"],
             "cross_attention_dim": 6, "attention_head_dim": 2, %s}
            """.formatted(outer, outer, fields)));
    }

    private static UNet2DConditionModel load(TinyUNet unet, String outer, String fields) {
        return UNet2DConditionModel.load(unet.tensors.weights(), config(outer, fields));
    }

    private static float[] run(UNet2DConditionModel unet, Steering.Kinds kinds) {
        List<Tensor> steering = new ArrayList<>();
        for (Value input : unet.graph(SIZES, kinds).inputs().stream().skip(3).toList()) {
            Shape shape = input.shape();
            steering.add(
                    Tensor.of(FormulaWeights.sines((int) shape.size(), 0.5, steering.size(), 0.3, 0), shape.dims()));
        }
        return run(unet, kinds, steering);
    }

    /** What a model makes of the same inputs, and of these that steer it. */
    public static float[] run(UNet2DConditionModel unet, Steering.Kinds kinds, List<Tensor> steering) {
        List<Tensor> inputs = new ArrayList<>(List.of(
                Tensor.of(FormulaWeights.sines(32, 0.9, 0, 1, 0), 1, 4, 4, 2),
                Tensor.of(new float[] {500}, 1),
                Tensor.of(FormulaWeights.sines(18, 1.1, 0, 1, 0), 1, 3, TEXT)));
        inputs.addAll(steering);
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT);
                Program program = backend.compile(unet.graph(SIZES, kinds))) {
            return program.run(inputs.toArray(Tensor[]::new)).toFloatArray();
        }
    }
}
