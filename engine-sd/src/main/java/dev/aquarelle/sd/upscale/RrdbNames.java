package dev.aquarelle.sd.upscale;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a file calls the layers of an RRDBNet.
 *
 * @param first the convolution in front
 * @param body what stands before a block's number
 * @param dense what stands before the number, 1 to 3, of a dense block within
 * @param suffix what stands behind the number, 1 to 5, of a convolution of a dense block
 * @param trunk the convolution behind the blocks
 * @param up the convolutions behind each doubling of the size
 * @param hr the convolution after them
 * @param last the one that gives colors
 */
record RrdbNames(
        String first, String body, String dense, String suffix, String trunk, List<String> up, String hr, String last) {
    private static final Pattern NUMBERED = Pattern.compile("model\\.[1-9]\\d{0,3}\\.weight");

    /**
     * The layout that a file is in.
     *
     * @throws SafetensorsException if it is none of the three
     */
    static RrdbNames of(Weights weights) {
        if (weights.has("model.0.weight") && weights.hasPart("model.1.sub")) {
            return numbered(weights);
        }
        if (weights.has("conv_first.weight") && weights.hasPart("RRDB_trunk")) {
            return new RrdbNames(
                    "conv_first", "RRDB_trunk", "RDB", "", "trunk_conv", ups(weights, "upconv"), "HRconv", "conv_last");
        }
        if (weights.has("conv_first.weight") && weights.hasPart("body")) {
            return new RrdbNames(
                    "conv_first", "body", "rdb", "", "conv_body", ups(weights, "conv_up"), "conv_hr", "conv_last");
        }
        throw new SafetensorsException(
                "%s: expected an upscaler of the ESRGAN family (RRDBNet or SRVGGNetCompact), found %s"
                        .formatted(
                                weights.where(),
                                weights.names().stream()
                                        .findFirst()
                                        .map(name -> "other tensors, such as " + weights.path(name))
                                        .orElse("no tensors")));
    }

    /**
     * The first ESRGAN's: one sequence whose numbers count resizing and activations too. A doubling takes three, the first of them
     * without weights.
     */
    private static RrdbNames numbered(Weights weights) {
        long tail = weights.names().stream()
                .filter(name -> NUMBERED.matcher(name).matches())
                .count();
        int doublings = Math.toIntExact(Math.max(0, tail - 2));
        List<String> up = new ArrayList<>();
        for (int i = 1; i <= doublings; i++) {
            up.add("model." + 3 * i);
        }
        String body = "model.1.sub";
        int blocks = 0;
        while (weights.has("%s.%d.RDB1.conv1.0.weight".formatted(body, blocks))) {
            blocks++;
        }
        int hr = 3 * doublings + 2;
        return new RrdbNames(
                "model.0", body, "RDB", ".0", "%s.%d".formatted(body, blocks), up, "model." + hr, "model." + (hr + 2));
    }

    private static List<String> ups(Weights weights, String name) {
        List<String> up = new ArrayList<>();
        while (weights.has(name + (up.size() + 1) + ".weight")) {
            up.add(name + (up.size() + 1));
        }
        return up;
    }

    /** A convolution of a dense block. */
    String conv(int block, int denseBlock, int number) {
        return "%s.%d.%s%d.conv%d%s".formatted(body, block, dense, denseBlock, number, suffix);
    }
}
