package dev.aquarelle.cli.conformance;

import com.google.gson.JsonObject;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.sd.control.ControlNetModel;
import dev.aquarelle.sd.control.ControlNets;
import dev.aquarelle.sd.unet.Steering;
import dev.aquarelle.sd.unet.UNet2DConditionModel;
import dev.aquarelle.sd.unet.UNetInputs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A case of group 06 with a ControlNet: what it adds, and what the U-Net makes of that. */
final class ControlNetCase {
    private static final String EMBEDDING = "cond_embedding";

    private ControlNetCase() {}

    static void run(GoldenCase golden, Backend backend, Check check) {
        JsonObject params = golden.params();
        Path folder = golden.model(params.get("model").getAsString());
        ModelFolders.require(folder, "ControlNetModel");
        ControlNetModel net = ControlNetModel.load(folder, golden.arena());
        Path unetFolder = golden.model(params.get("unet").getAsString());
        UNet2DConditionModel unet = UNet2DConditionModel.load(unetFolder, golden.arena());
        ControlNets nets = new ControlNets(List.of(net));
        nets.requireFit(unet.config(), unetFolder.toString());

        Tensor picture = Nchw.toNhwc(golden.in("controlnet_cond"));
        Tensor scales = net.scales(
                params.get("conditioning_scale").getAsFloat(),
                params.get("guess_mode").getAsBoolean());
        List<Tensor> inputs = inputs(golden);
        UNetInputs.Sizes sizes = sizes(inputs);
        Graph graph = nets.graph(sizes, picture.shape().dim(0));
        graph.output(EMBEDDING, Intermediates.lastValue(graph, "controlnet_cond_embedding"));
        try (Program controlNet = backend.compile(graph);
                Program denoiser = backend.compile(unet.graph(sizes, Steering.Kinds.ofControlNet()))) {
            List<Tensor> controlInputs = new ArrayList<>(inputs);
            controlInputs.add(picture);
            controlInputs.add(scales);
            controlNet.run(controlInputs.toArray(Tensor[]::new));
            List<Tensor> residuals = graph.outputs().keySet().stream()
                    .filter(name -> !name.equals(EMBEDDING))
                    .map(controlNet::output)
                    .toList();
            check.closeNhwc(EMBEDDING, controlNet.output(EMBEDDING));
            for (int i = 0; i < residuals.size() - 1; i++) {
                check.closeNhwc("down_" + i, residuals.get(i));
            }
            check.closeNhwc("mid", residuals.getLast());

            inputs.addAll(residuals);
            check.closeNhwc("unet_sample", denoiser.run(inputs.toArray(Tensor[]::new)));
        }
    }

    private static List<Tensor> inputs(GoldenCase golden) {
        Tensor sample = Nchw.toNhwc(golden.in("sample"));
        float[] timestep = {golden.params().get("timestep").getAsFloat()};
        Tensor timesteps =
                UNetGroup.perSample(Tensor.of(timestep, 1), sample.shape().dim(0));
        return new ArrayList<>(List.of(sample, timesteps, golden.in("encoder_hidden_states")));
    }

    private static UNetInputs.Sizes sizes(List<Tensor> inputs) {
        Shape sample = inputs.get(0).shape();
        return new UNetInputs.Sizes(
                sample.dim(0),
                sample.dim(1),
                sample.dim(2),
                inputs.get(2).shape().dim(1));
    }
}
