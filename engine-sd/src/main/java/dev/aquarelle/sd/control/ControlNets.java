package dev.aquarelle.sd.control;

import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.unet.UNetInputs;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One or several ControlNets as one program, run before the denoiser's in each step; what they add is summed.
 * <pre>
 * inputs   those of {@link UNetInputs}: sample, timestep, encoder_hidden_states, and text_embeds, time_ids in SDXL
 *          controlnet_cond.k       [N, 8 H, 8 W, 3] or [1, 8 H, 8 W, 3], from 0 to 1       for each net k, the two in turn
 *          conditioning_scale.k    [residuals], see {@link ControlNetModel#scales}
 * outputs  down_block_res_samples.i, mid_block_res_sample                 in the order of {@link dev.aquarelle.sd.unet.Steering}
 * </pre>
 *
 * @param nets at least one, all made for the same kind of denoiser
 */
public record ControlNets(List<ControlNetModel> nets) {

    /**
     * @throws ModelException if the nets are made for different kinds of denoisers
     */
    public ControlNets {
        nets = List.copyOf(nets);
        if (nets.isEmpty()) {
            throw new IllegalArgumentException("expected at least one ControlNet, found none");
        }
        for (ControlNetModel net : nets) {
            requireFit(net, nets.getFirst().config().encoder(), nets.getFirst().where());
        }
    }

    /**
     * Checks that what the nets give can be added to this denoiser.
     *
     * @param where the denoiser's file, for the message
     * @throws ModelException if not
     */
    public void requireFit(UNetConfig unet, String where) {
        for (ControlNetModel net : nets) {
            requireFit(net, unet, where);
        }
    }

    private static void requireFit(ControlNetModel net, UNetConfig other, String where) {
        UNetConfig encoder = net.config().encoder();
        requireEqual(net, "feature maps", encoder.skips(), other.skips(), where);
        requireEqual(net, "width of text", encoder.crossAttentionDim(), other.crossAttentionDim(), where);
        if (encoder.textTime() != null) {
            requireEqual(net, "added condition", encoder.textTime(), other.textTime(), where);
        }
    }

    private static void requireEqual(
            ControlNetModel net, String what, Object found, @Nullable Object expected, String where) {
        if (!found.equals(expected)) {
            throw new ModelException("%s: this ControlNet does not fit %s: its %s: expected %s, found %s"
                    .formatted(net.where(), where, what, expected, found));
        }
    }

    /**
     * A graph of one call.
     *
     * @param sizes the denoiser's
     * @param pictures 1 if all samples have the same pictures, or else as many as there are samples
     */
    public Graph graph(UNetInputs.Sizes sizes, int pictures) {
        return Graph.build(g -> {
            ControlNetModel.Residuals residuals = forward(g, sizes, pictures);
            for (int i = 0; i < residuals.down().size(); i++) {
                g.output("down_block_res_samples." + i, residuals.down().get(i));
            }
            g.output("mid_block_res_sample", residuals.mid());
        });
    }

    private ControlNetModel.Residuals forward(Graph g, UNetInputs.Sizes sizes, int pictures) {
        UNetInputs in = UNetInputs.declare(g, nets.getFirst().config().encoder(), sizes);
        List<ControlNetModel.Residuals> all = new ArrayList<>();
        for (ControlNetModel net : nets) {
            ControlNetConfig config = net.config();
            int scale = config.pictureScale();
            Value picture = g.input(
                    "controlnet_cond." + all.size(),
                    pictures,
                    scale * sizes.height(),
                    scale * sizes.width(),
                    config.conditioningChannels());
            Value scales = g.input("conditioning_scale." + all.size(), config.residuals());
            all.add(net.forward(g, in, picture, scales));
        }
        return all.stream().reduce((a, b) -> sum(g, a, b)).orElseThrow();
    }

    private static ControlNetModel.Residuals sum(Graph g, ControlNetModel.Residuals a, ControlNetModel.Residuals b) {
        List<Value> down = new ArrayList<>();
        for (int i = 0; i < a.down().size(); i++) {
            down.add(g.add(a.down().get(i), b.down().get(i)));
        }
        return new ControlNetModel.Residuals(down, g.add(a.mid(), b.mid()));
    }
}
