package dev.aquarelle.sd.upscale;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.Sines;
import java.util.LinkedHashMap;
import java.util.Map;

/** RRDBNets of two blocks, four features and a growth of two, by the names of Real-ESRGAN and others. */
final class TinyRrdb {
    private static final int FEATURES = 4;
    private static final int GROWTH = 2;
    private static final int BLOCKS = 2;

    private TinyRrdb() {}

    /**
     * Tensors by the names of Real-ESRGAN.
     *
     * @param channels of the first convolution: 3 times the pixels of a square
     */
    static Map<String, Tensor> tensors(int channels, int doublings) {
        Sines sines = new Sines()
                .conv("conv_first", channels, FEATURES)
                .conv("conv_body", FEATURES, FEATURES)
                .conv("conv_hr", FEATURES, FEATURES)
                .conv("conv_last", FEATURES, 3);
        for (int up = 1; up <= doublings; up++) {
            sines.conv("conv_up" + up, FEATURES, FEATURES);
        }
        for (int i = 0; i < 3 * BLOCKS; i++) {
            for (int conv = 1; conv <= 5; conv++) {
                int in = FEATURES + (conv - 1) * GROWTH;
                sines.conv("body.%d.rdb%d.conv%d".formatted(i / 3, i % 3 + 1, conv), in, conv == 5 ? FEATURES : GROWTH);
            }
        }
        return sines.tensors(0.3);
    }

    /** The same by the names of the first ESRGAN's code. */
    static Map<String, Tensor> firstNames(Map<String, Tensor> tensors) {
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> renamed.put(
                name.replaceFirst("^body\\.", "RRDB_trunk.")
                        .replace("rdb", "RDB")
                        .replace("conv_body", "trunk_conv")
                        .replace("conv_up", "upconv")
                        .replace("conv_hr", "HRconv"),
                tensor));
        return renamed;
    }

    /** The same by the numbers of the first ESRGAN's published files. */
    static Map<String, Tensor> numbers(Map<String, Tensor> tensors, int doublings) {
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            String[] parts = name.split("\\.", -1);
            String parameter = parts[parts.length - 1];
            String layer = switch (parts[0]) {
                case "conv_first" -> "model.0";
                case "body" -> "model.1.sub.%s.%s.%s.0".formatted(parts[1], parts[2].replace("rdb", "RDB"), parts[3]);
                case "conv_body" -> "model.1.sub." + BLOCKS;
                case "conv_up1" -> "model.3";
                case "conv_up2" -> "model.6";
                case "conv_hr" -> "model." + (3 * doublings + 2);
                default -> "model." + (3 * doublings + 4);
            };
            renamed.put(layer + "." + parameter, tensor);
        });
        return renamed;
    }
}
