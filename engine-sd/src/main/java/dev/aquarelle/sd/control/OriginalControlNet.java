package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ldm.LdmLayers;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The names of the first release (github.com/lllyasviel/ControlNet), whose blocks are counted through without levels: {@code
 * control_model.input_blocks.1.0.in_layers.0} is {@code down_blocks.0.resnets.0.norm1} in diffusers.
 */
final class OriginalControlNet {
    private static final String PREFIX = "control_model";
    private static final String HINT = "input_hint_block";

    private final Weights weights;
    private final Map<String, String> names = new LinkedHashMap<>();

    private OriginalControlNet(Weights weights) {
        this.weights = weights;
    }

    /** Whether a file has these names. */
    static boolean isIn(Weights weights) {
        return weights.hasPart(PREFIX + "." + HINT) || weights.hasPart(HINT);
    }

    /** The tensors by diffusers' names. */
    static Weights renamed(Weights weights) {
        OriginalControlNet net = new OriginalControlNet(weights.hasPart(PREFIX) ? weights.at(PREFIX) : weights);
        LdmLayers.SINGLE.forEach((original, name) -> {
            if (name.contains("resnets")) {
                net.resnet(original, name);
            } else {
                net.part(original, name);
            }
        });
        net.downBlocks();
        net.hint();
        for (int i = 0; net.weights.hasPart("zero_convs." + i); i++) {
            net.part("zero_convs." + i + ".0", "controlnet_down_blocks." + i);
        }
        net.part("middle_block_out.0", "controlnet_mid_block");
        return net.weights.renamed(net.names);
    }

    private void downBlocks() {
        int level = 0;
        int layer = 0;
        for (int i = 1; weights.hasPart("input_blocks." + i); i++) {
            String from = "input_blocks." + i;
            String block = "down_blocks." + level;
            if (weights.hasPart(from + ".0.op")) {
                part(from + ".0.op", block + ".downsamplers.0.conv");
                level++;
                layer = 0;
            } else {
                resnet(from + ".0", block + ".resnets." + layer);
                part(from + ".1", block + ".attentions." + layer);
                layer++;
            }
        }
    }

    /** Convolutions with an activation behind each but the last. */
    private void hint() {
        for (int i = 0; weights.hasPart(HINT + "." + 2 * i); i++) {
            boolean last = !weights.hasPart(HINT + "." + (2 * i + 2));
            String name = i == 0 ? "conv_in" : last ? "conv_out" : "blocks." + (i - 1);
            part(HINT + "." + 2 * i, "controlnet_cond_embedding." + name);
        }
    }

    private void resnet(String from, String to) {
        LdmLayers.RESNET.forEach((present, name) -> part(from + "." + present, to + "." + name));
    }

    private void part(String from, String to) {
        FoundTensors.part(weights, from, to, names);
    }
}
