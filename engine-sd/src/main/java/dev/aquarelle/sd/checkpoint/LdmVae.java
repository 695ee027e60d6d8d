package dev.aquarelle.sd.checkpoint;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The autoencoder of a checkpoint in LDM layout (arXiv:2112.10752, {@code AutoencoderKL}). The decoder's levels are counted from the picture
 * there, {@code decoder.up.3} being the first to be computed; the projections of the attention are 1x1 convolutions.
 */
final class LdmVae implements LdmPart {
    static final String PREFIX = "first_stage_model";

    private static final Pattern LEVEL = Pattern.compile("(encoder|decoder)\\.(down|up)\\.(\\d{1,3})\\.(.*)");
    private static final Pattern MIDDLE = Pattern.compile("(encoder|decoder)\\.mid\\.(block_1|attn_1|block_2)\\.(.*)");
    private static final Map<String, String> ATTENTION =
            Map.of("norm", "group_norm", "q", "to_q", "k", "to_k", "v", "to_v", "proj_out", "to_out.0");

    private final Weights vae;
    private final double scalingFactor;
    private final int pixels;
    private final List<Integer> channels = new ArrayList<>();

    /**
     * @param vae names and shapes of its tensors
     * @param scalingFactor what latents are multiplied by for the denoiser
     * @param pixels side of the pictures it was trained at
     */
    LdmVae(Weights vae, double scalingFactor, int pixels) {
        this.vae = vae;
        this.scalingFactor = scalingFactor;
        this.pixels = pixels;
        while (vae.hasPart("decoder.up." + channels.size())) {
            channels.add(Dims.of(vae, "decoder.up.%d.block.0.conv1.weight".formatted(channels.size()), 0));
        }
        if (channels.isEmpty()) {
            throw new ModelException("%s: expected a decoder, found no level of one".formatted(vae));
        }
    }

    @Override
    public JsonObject config(ModelConfig told) {
        int layers = 0;
        while (vae.hasPart("decoder.up.0.block." + layers)) {
            layers++;
        }
        int levels = channels.size();
        JsonObject json = new JsonObject();
        Gson gson = new Gson();
        json.addProperty("in_channels", vae.hasPart("encoder") ? Dims.of(vae, "encoder.conv_in.weight", 1) : 3);
        json.addProperty("out_channels", Dims.of(vae, "decoder.conv_out.weight", 0));
        json.addProperty("latent_channels", Dims.of(vae, "decoder.conv_in.weight", 1));
        json.add("block_out_channels", gson.toJsonTree(channels));
        json.addProperty("layers_per_block", layers - 1);
        json.add("down_block_types", gson.toJsonTree(Collections.nCopies(levels, "DownEncoderBlock2D")));
        json.add("up_block_types", gson.toJsonTree(Collections.nCopies(levels, "UpDecoderBlock2D")));
        json.addProperty("mid_block_add_attention", vae.hasPart("decoder.mid.attn_1"));
        json.addProperty("use_quant_conv", vae.hasPart("quant_conv"));
        json.addProperty("use_post_quant_conv", vae.hasPart("post_quant_conv"));
        json.addProperty("sample_size", pixels);
        json.addProperty("scaling_factor", scalingFactor);
        return json;
    }

    @Override
    public Weights weights(Weights file) {
        return renamed(file.at(PREFIX));
    }

    /** Its tensors, mapped, under diffusers' names and in its shapes. */
    Weights renamed(Weights mapped) {
        Map<String, String> names = new LinkedHashMap<>();
        vae.names().forEach(name -> names.put(diffusersName(name), name));
        Weights renamed = mapped.renamed(names);
        Map<String, Tensor> matrices = new LinkedHashMap<>();
        for (String name : names.keySet()) {
            Shape shape = renamed.info(name).shape();
            boolean pointwise = shape.rank() == 4 && shape.dim(2) == 1 && shape.dim(3) == 1;
            if (pointwise && name.contains(".attentions.")) {
                matrices.put(name, renamed.get(name).reshape(shape.dim(0), shape.dim(1)));
            }
        }
        return renamed.with(mapped.where(), matrices);
    }

    private String diffusersName(String name) {
        Matcher level = LEVEL.matcher(name);
        if (level.matches()) {
            int index = Integer.parseInt(level.group(3));
            boolean isUp = level.group(2).equals("up");
            return "%s.%s_blocks.%d.%s"
                    .formatted(
                            level.group(1),
                            level.group(2),
                            isUp ? channels.size() - 1 - index : index,
                            level.group(4)
                                    .replace("block.", "resnets.")
                                    .replace("nin_shortcut", "conv_shortcut")
                                    .replace("downsample.", "downsamplers.0.")
                                    .replace("upsample.", "upsamplers.0."));
        }
        Matcher middle = MIDDLE.matcher(name);
        if (middle.matches()) {
            String layer = middle.group(3);
            String part = switch (middle.group(2)) {
                case "block_1" -> "resnets.0." + layer;
                case "block_2" -> "resnets.1." + layer;
                default -> "attentions.0." + projection(layer);
            };
            return "%s.mid_block.%s".formatted(middle.group(1), part);
        }
        return name.replace("coder.norm_out.", "coder.conv_norm_out.");
    }

    private static String projection(String name) {
        int dot = name.lastIndexOf('.');
        String layer = name.substring(0, Math.max(dot, 0));
        return dot < 0 ? name : ATTENTION.getOrDefault(layer, layer) + name.substring(dot);
    }
}
