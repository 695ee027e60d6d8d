package dev.aquarelle.sd.ldm;

import java.util.HashMap;
import java.util.Map;

/**
 * The layers of a denoiser that have a fixed name in the layout of latent diffusion (arXiv:2112.10752, {@code UNetModel}), and diffusers' names of them. The
 * blocks between, which it numbers through, take some counting: that is up to whoever has the file.
 */
public final class LdmLayers {
    /** What is there once, by the original's name. */
    public static final Map<String, String> SINGLE = Map.ofEntries(
            Map.entry("time_embed.0", "time_embedding.linear_1"),
            Map.entry("time_embed.2", "time_embedding.linear_2"),
            Map.entry("time_embed.cond_proj", "time_embedding.cond_proj"),
            Map.entry("label_emb.0.0", "add_embedding.linear_1"),
            Map.entry("label_emb.0.2", "add_embedding.linear_2"),
            Map.entry("input_blocks.0.0", "conv_in"),
            Map.entry("middle_block.0", "mid_block.resnets.0"),
            Map.entry("middle_block.1", "mid_block.attentions.0"),
            Map.entry("middle_block.2", "mid_block.resnets.1"),
            Map.entry("out.0", "conv_norm_out"),
            Map.entry("out.2", "conv_out"));

    /** The layers of a residual block, by the original's name. */
    public static final Map<String, String> RESNET = Map.of(
            "in_layers.0", "norm1",
            "in_layers.2", "conv1",
            "emb_layers.1", "time_emb_proj",
            "out_layers.0", "norm2",
            "out_layers.3", "conv2",
            "skip_connection", "conv_shortcut");

    private LdmLayers() {}

    /** The same table by diffusers' names. */
    public static Map<String, String> byDiffusersName(Map<String, String> table) {
        Map<String, String> inverse = new HashMap<>();
        table.forEach((original, name) -> inverse.put(name, original));
        return Map.copyOf(inverse);
    }
}
