package dev.aquarelle.cli.conformance;

import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetInputs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Group 06: one call of a U-Net, in some cases steered by a ControlNet. */
final class UNetGroup implements GoldenGroup {

    @Override
    public String name() {
        return "06_unet";
    }

    @Override
    public void run(GoldenCase golden, Backend backend, Check check) {
        if (golden.params().has("unet")) {
            ControlNetCase.run(golden, backend, check);
            return;
        }
        Path folder = golden.model(golden.params().get("model").getAsString());
        ModelFolders.require(folder, "UNet2DConditionModel");
        predict(golden, UNet2DConditionModel.load(folder, golden.arena()), golden.in("timestep"), backend, check);
    }

    /** One call with the inputs of a case. One timestep counts for all samples. */
    static void predict(GoldenCase golden, UNet2DConditionModel unet, Tensor timesteps, Backend backend, Check check) {
        Tensor sample = Nchw.toNhwc(golden.in("sample"));
        Tensor text = golden.in("encoder_hidden_states");
        Shape shape = sample.shape();
        List<Tensor> inputs = new ArrayList<>(List.of(sample, perSample(timesteps, shape.dim(0)), text));
        int pooledDim = 0;
        if (golden.hasIn("text_embeds")) {
            pooledDim = golden.in("text_embeds").shape().last();
            inputs.add(golden.in("text_embeds"));
            inputs.add(golden.in("time_ids"));
        }
        if (golden.hasIn("timestep_cond")) {
            inputs.add(golden.in("timestep_cond"));
        }
        var sizes = new UNetInputs.Sizes(
                shape.dim(0), shape.dim(1), shape.dim(2), text.shape().dim(1), pooledDim);
        Consumer<Graph> model = g -> g.output("sample", unet.forward(g, UNetInputs.declare(g, unet.config(), sizes)));
        try (Program program = backend.compile(Graph.build(model))) {
            check.closeNhwc("sample", program.run(inputs.toArray(Tensor[]::new)));
        }
        Intermediates.explain(golden, model, backend, check, inputs);
    }

    static Tensor perSample(Tensor timesteps, int samples) {
        float[] values = timesteps.toFloatArray();
        if (values.length == 1) {
            float only = values[0];
            values = new float[samples];
            Arrays.fill(values, only);
        }
        return Tensor.of(values, values.length);
    }
}
