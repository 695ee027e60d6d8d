package dev.aquarelle.sd.lora;

import java.util.Map;

/**
 * How strongly a file counts: 1 as it was trained, 0 not at all, beyond and below at will.
 *
 * @param unet in the denoiser
 * @param textEncoder in the text encoder, in SDXL in both
 * @param blocks further factors by the beginnings of the denoiser's layer names, in diffusers' layout ({@code up_blocks.1},
 *     {@code mid_block.attentions.0}) or in that of the original ({@code output_blocks.3}, {@code middle_block}); the longest beginning that
 *     fits counts, and "" fits all layers
 */
public record LoraWeight(double unet, double textEncoder, Map<String, Double> blocks) {
    /**
     * @throws IllegalArgumentException if a weight is not finite
     */
    public LoraWeight {
        blocks = Map.copyOf(blocks);
        requireFinite("unet", unet);
        requireFinite("textEncoder", textEncoder);
        blocks.forEach((block, factor) -> requireFinite("blocks: " + block, factor));
    }

    private static void requireFinite(String what, double weight) {
        if (!Double.isFinite(weight)) {
            throw new IllegalArgumentException("%s: expected a finite weight, found %s".formatted(what, weight));
        }
    }

    /** The same in all parts of the model. */
    public static LoraWeight of(double weight) {
        return of(weight, weight);
    }

    /** One for the denoiser, one for the text encoders. */
    public static LoraWeight of(double unet, double textEncoder) {
        return new LoraWeight(unet, textEncoder, Map.of());
    }

    /** The same with factors by block. */
    public LoraWeight withBlocks(Map<String, Double> factors) {
        return new LoraWeight(unet, textEncoder, factors);
    }

    /** Of a layer of the model. */
    double of(LayerNames.Place place) {
        if (!place.part().equals(LayerNames.UNET)) {
            return textEncoder;
        }
        double factor = 1;
        int longest = -1;
        for (Map.Entry<String, Double> block : blocks.entrySet()) {
            if (block.getKey().length() > longest && place.isIn(block.getKey())) {
                longest = block.getKey().length();
                factor = block.getValue();
            }
        }
        return unet * factor;
    }
}
