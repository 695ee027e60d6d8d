package dev.aquarelle.sd.lora;

import dev.aquarelle.sd.ldm.LdmLayers;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the original code of latent diffusion calls the layers of a denoiser. It numbers the blocks of the way down and up through, one for
 * each layer and one for each downsampler, where diffusers numbers levels and layers in them.
 */
final class LdmNames {
    private static final Pattern DOWN = Pattern.compile("down_blocks\\.(\\d{1,3})\\.(\\w+)\\.(\\d{1,3})\\.(.+)");
    private static final Pattern MID = Pattern.compile("mid_block\\.(\\w+)\\.(\\d{1,3})\\.(.+)");
    private static final Pattern UP = Pattern.compile("up_blocks\\.(\\d{1,3})\\.(\\w+)\\.(\\d{1,3})\\.(.+)");

    private static final Map<String, String> SINGLE = LdmLayers.byDiffusersName(LdmLayers.SINGLE);
    private static final Map<String, String> RESNET = LdmLayers.byDiffusersName(LdmLayers.RESNET);

    private final Set<String> layers;
    private final int layersPerBlock;

    /**
     * @param layers all names of the denoiser's layers in diffusers' layout
     */
    LdmNames(Set<String> layers) {
        this.layers = layers;
        int count = 0;
        while (hasPart("down_blocks.0.resnets." + count)) {
            count++;
        }
        layersPerBlock = count;
    }

    private boolean hasPart(String name) {
        return layers.stream().anyMatch(layer -> layer.startsWith(name + "."));
    }

    /** The name of a layer; null if the original has no such layer. */
    @Nullable
    String of(String layer) {
        Matcher down = DOWN.matcher(layer);
        if (down.matches()) {
            int first = Integer.parseInt(down.group(1)) * (layersPerBlock + 1) + 1;
            return switch (down.group(2)) {
                case "resnets" -> block("input_blocks", first + index(down, 3), 0, resnet(down.group(4)));
                case "attentions" -> block("input_blocks", first + index(down, 3), 1, down.group(4));
                case "downsamplers" -> block("input_blocks", first + layersPerBlock, 0, "op");
                default -> null;
            };
        }
        Matcher mid = MID.matcher(layer);
        if (mid.matches()) {
            return switch (mid.group(1)) {
                case "resnets" -> "middle_block.%d.%s".formatted(2 * index(mid, 2), resnet(mid.group(3)));
                case "attentions" -> "middle_block.1." + mid.group(3);
                default -> null;
            };
        }
        Matcher up = UP.matcher(layer);
        if (up.matches()) {
            String level = up.group(1);
            int first = Integer.parseInt(level) * (layersPerBlock + 1);
            return switch (up.group(2)) {
                case "resnets" -> block("output_blocks", first + index(up, 3), 0, resnet(up.group(4)));
                case "attentions" -> block("output_blocks", first + index(up, 3), 1, up.group(4));
                case "upsamplers" ->
                    block(
                            "output_blocks",
                            first + layersPerBlock,
                            hasPart("up_blocks.%s.attentions".formatted(level)) ? 2 : 1,
                            up.group(4));
                default -> null;
            };
        }
        return SINGLE.get(layer);
    }

    private static int index(Matcher matcher, int group) {
        return Integer.parseInt(matcher.group(group));
    }

    private static String block(String name, int number, int place, String rest) {
        return "%s.%d.%d.%s".formatted(name, number, place, rest);
    }

    private static String resnet(String layer) {
        return RESNET.getOrDefault(layer, layer);
    }
}
