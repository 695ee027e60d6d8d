package dev.aquarelle.sd.control;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** T2I-Adapters as they are found on disks; what a file is, its tensors tell, not its name. */
final class T2IAdapterFile {
    private static final String CONFIG = "config.json";
    private static final int ORIGINAL_LEVELS = 4;

    private T2IAdapterFile() {}

    static T2IAdapter load(Path path, Arena arena) {
        Weights weights = Weights.open(path, arena);
        Weights named = named(weights);
        Path config = Files.isDirectory(path) ? path.resolve(CONFIG) : path.resolveSibling(CONFIG);
        boolean configured = Files.isDirectory(path) || weights == named && Files.exists(config);
        return T2IAdapter.load(named, configured ? T2IAdapterConfig.read(config) : configOf(named));
    }

    /** The tensors by diffusers' names. */
    private static Weights named(Weights weights) {
        if (weights.hasPart("adapter.body")) {
            return weights;
        }
        if (weights.has("body.0.block1.weight") && weights.hasPart("conv_in")) {
            return weights.renamed(fromFull(weights));
        }
        if (weights.hasPart("body.0.body") && weights.hasPart("body.0.out_conv")) {
            return weights.renamed(fromLight(weights));
        }
        throw new ModelException("%s: expected a T2I-Adapter, found none of its tensors (adapter.body or body)"
                .formatted(weights.where()));
    }

    /** In the first release (github.com/TencentARC/T2I-Adapter), residual blocks are counted through the four levels. */
    private static Map<String, String> fromFull(Weights weights) {
        int blocks = FoundTensors.count(weights, "body");
        if (blocks % ORIGINAL_LEVELS != 0) {
            throw new ModelException("%s: expected a T2I-Adapter of %d levels, found %d residual blocks in body"
                    .formatted(weights.where(), ORIGINAL_LEVELS, blocks));
        }
        int perLevel = blocks / ORIGINAL_LEVELS;
        Map<String, String> names = new LinkedHashMap<>();
        FoundTensors.part(weights, "conv_in", "adapter.conv_in", names);
        for (int i = 0; i < blocks; i++) {
            String level = "adapter.body." + i / perLevel;
            String resnet = level + ".resnets." + i % perLevel;
            FoundTensors.part(weights, "body." + i + ".in_conv", level + ".in_conv", names);
            FoundTensors.part(weights, "body." + i + ".block1", resnet + ".block1", names);
            FoundTensors.part(weights, "body." + i + ".block2", resnet + ".block2", names);
        }
        return names;
    }

    private static Map<String, String> fromLight(Weights weights) {
        Map<String, String> names = new LinkedHashMap<>();
        for (int i = 0; weights.hasPart("body." + i); i++) {
            FoundTensors.part(weights, "body." + i + ".in_conv", "adapter.body." + i + ".in_conv", names);
            FoundTensors.part(weights, "body." + i + ".body", "adapter.body." + i + ".resnets", names);
            FoundTensors.part(weights, "body." + i + ".out_conv", "adapter.body." + i + ".out_conv", names);
        }
        return names;
    }

    /** A configuration by the tensors. Nothing but the number of channels tells how the picture was unshuffled. */
    private static T2IAdapterConfig configOf(Weights weights) {
        boolean light = weights.hasPart("adapter.body.0.out_conv");
        Weights first = weights.at(light ? "adapter.body.0.in_conv" : "adapter.conv_in");
        int unshuffled = FoundTensors.shape(first, "weight", 4).dim(1);
        int factor = unshuffled == 3 * 16 * 16 || unshuffled == 16 * 16 ? 16 : 8;
        int inChannels = unshuffled / (factor * factor);
        if (inChannels == 0 || inChannels * factor * factor != unshuffled) {
            throw new ModelException("%s: expected %s of 64, 192, 256 or 768 channels, found %d"
                    .formatted(weights.where(), first.path("weight"), unshuffled));
        }
        List<Integer> channels = new ArrayList<>();
        int levels = FoundTensors.count(weights, "adapter.body");
        for (int i = 0; i < (light ? levels - 1 : levels); i++) {
            String body = "adapter.body." + i + (light ? ".out_conv" : ".resnets.0.block1");
            channels.add(FoundTensors.shape(weights, body + ".weight", 4).dim(0));
        }
        if (channels.isEmpty()) {
            throw new ModelException(
                    "%s: expected a T2I-Adapter, found one without features".formatted(weights.where()));
        }
        T2IAdapterConfig.Type full = factor == 16 ? T2IAdapterConfig.Type.FULL_XL : T2IAdapterConfig.Type.FULL;
        return new T2IAdapterConfig(
                light ? T2IAdapterConfig.Type.LIGHT : full,
                inChannels,
                channels,
                FoundTensors.count(weights, "adapter.body.0.resnets"),
                factor);
    }
}
