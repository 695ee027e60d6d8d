package dev.aquarelle.sd.checkpoint;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.ldm.LdmLayers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The denoiser of a checkpoint in LDM layout (arXiv:2112.10752, {@code UNetModel}). Its modules are numbered through, {@code input_blocks.4.1}
 * being the second one of the fifth block; what a module is shows in the tensors below it, and where diffusers has it in the order of all.
 */
final class LdmUNet implements LdmPart {
    static final String PREFIX = "model.diffusion_model";

    private static final String FIRST = ".input_blocks.0.0.weight";
    private static final int HEAD_WIDTH = 64;
    private static final int SD1_HEADS = 8;
    private static final int XL_TIME_IDS = 6; // original size, crop, target size
    private static final int REFINER_TIME_IDS = 5; // original size, crop, aesthetic score
    private static final int XL_POOLED = 1280; // of OpenCLIP bigG

    /** Of the blocks that halve and double the size. */
    private static final String HALVING = "op";

    /** What is below a transformer's module, under the same names in both layouts. */
    private static final Set<String> IN_ATTENTIONS = Set.of("norm", "proj_in", "proj_out", "transformer_blocks");

    /**
     * One level of the U.
     *
     * @param layers how many residual blocks it has
     * @param depth transformer blocks behind each of them, 0 for none
     */
    private record Level(int channels, int layers, int depth) {}

    private final Weights unet;
    private final Family family;
    private final int sampleSize;
    private final int pooled;
    private final Map<String, String> modules = new HashMap<>(LdmLayers.SINGLE);
    private final List<Level> down;
    private final List<Level> up;
    private final int middleDepth;

    /**
     * @param file names and shapes of all tensors of the file
     * @param sampleSize side of the latents it was trained at
     * @param pooled width of the pooled text, 0 if the file does not tell
     * @throws ModelException if it is no such denoiser
     */
    LdmUNet(Weights file, Family family, int sampleSize, int pooled) {
        this.unet = file.at(PREFIX);
        this.family = family;
        this.sampleSize = sampleSize;
        this.pooled = pooled == 0 ? XL_POOLED : pooled;
        down = walk("input_blocks", 1, "down_blocks");
        up = walk("output_blocks", 0, "up_blocks");
        middleDepth = depth("middle_block.1");
        requireMirrored();
    }

    /** Whether a file has such a denoiser: its first tensor is there and one of a convolution. */
    static boolean isIn(Weights file) {
        return file.has(PREFIX + FIRST) && file.info(PREFIX + FIRST).shape().rank() == 4;
    }

    /** How many channels the denoiser takes: those of the latents, and more if it is shown a picture as well. */
    static int inChannels(Weights file) {
        return file.info(PREFIX + FIRST).shape().dim(1);
    }

    private List<Level> walk(String blocks, int first, String name) {
        List<Level> levels = new ArrayList<>();
        List<Integer> depths = new ArrayList<>();
        int channels = 0;
        for (int block = first; unet.hasPart(blocks + "." + block); block++) {
            String level = name + "." + levels.size();
            boolean ends = false;
            for (int i = 0; unet.hasPart("%s.%d.%d".formatted(blocks, block, i)); i++) {
                String module = "%s.%d.%d".formatted(blocks, block, i);
                if (unet.has(module + ".in_layers.0.weight")) {
                    modules.put(module, level + ".resnets." + depths.size());
                    channels = dim(module + ".out_layers.3.weight", 0);
                    depths.add(0);
                } else if (unet.hasPart(module + ".transformer_blocks") && !depths.isEmpty()) {
                    modules.put(module, level + ".attentions." + (depths.size() - 1));
                    depths.set(depths.size() - 1, depth(module));
                } else if (unet.has(module + ".op.weight") || unet.has(module + ".conv.weight")) {
                    modules.put(
                            module, level + (unet.has(module + ".op.weight") ? ".downsamplers.0" : ".upsamplers.0"));
                    ends = true;
                } else {
                    throw unknown(module);
                }
            }
            if (ends) {
                levels.add(level(level, channels, depths));
                depths.clear();
            }
        }
        levels.add(level(name + "." + levels.size(), channels, depths));
        return List.copyOf(levels);
    }

    private Level level(String name, int channels, List<Integer> depths) {
        if (new HashSet<>(depths).size() != 1) {
            throw new ModelException("%s: %s: expected transformers of one depth behind all residual blocks, found %s"
                    .formatted(unet, name, depths));
        }
        return new Level(channels, depths.size(), depths.getFirst());
    }

    /** Diffusers' configuration has one number for the way down, the middle and, with one more layer, the way up. */
    private void requireMirrored() {
        List<Integer> layers = down.stream().map(level -> level.layers() + 1).toList();
        List<Integer> found = up.reversed().stream().map(Level::layers).toList();
        if (!found.equals(layers)) {
            throw new ModelException("%s: output_blocks: expected %s residual blocks in the levels, found %s"
                    .formatted(unet, layers, found));
        }
        int last = down.getLast().depth();
        if (middleDepth == 0 || last != 0 && last != middleDepth) {
            throw new ModelException("%s: middle_block.1: expected a transformer of %s, found one of %d"
                    .formatted(unet, last == 0 ? "1 block or more" : last + " blocks", middleDepth));
        }
    }

    private int depth(String module) {
        int depth = 0;
        while (unet.hasPart(module + ".transformer_blocks." + depth)) {
            depth++;
        }
        return depth;
    }

    private int dim(String name, int axis) {
        return Dims.of(unet, name, axis);
    }

    @Override
    public JsonObject config(ModelConfig told) {
        JsonObject json = new JsonObject();
        Gson gson = new Gson();
        json.addProperty("sample_size", sampleSize);
        json.addProperty("in_channels", dim("input_blocks.0.0.weight", 1));
        json.addProperty("out_channels", dim("out.2.weight", 0));
        json.add(
                "block_out_channels",
                gson.toJsonTree(down.stream().map(Level::channels).toList()));
        json.add(
                "layers_per_block",
                gson.toJsonTree(down.stream().map(Level::layers).toList()));
        json.add("down_block_types", gson.toJsonTree(types(down, "CrossAttnDownBlock2D", "DownBlock2D")));
        json.add("up_block_types", gson.toJsonTree(types(up, "CrossAttnUpBlock2D", "UpBlock2D")));
        json.add("transformer_layers_per_block", gson.toJsonTree(depths(down)));
        json.add("reverse_transformer_layers_per_block", gson.toJsonTree(depths(up)));
        json.addProperty("cross_attention_dim", dim("middle_block.1.transformer_blocks.0.attn2.to_k.weight", 1));
        json.addProperty(
                "use_linear_projection",
                unet.info("middle_block.1.proj_in.weight").shape().rank() == 2);
        if (!told.has("attention_head_dim")) {
            json.add("attention_head_dim", gson.toJsonTree(heads()));
        }
        if (unet.has("time_embed.cond_proj.weight")) {
            json.addProperty("time_cond_proj_dim", dim("time_embed.cond_proj.weight", 1));
        }
        if (family.isXl()) {
            addTextTime(json);
        }
        return json;
    }

    private static List<String> types(List<Level> levels, String cross, String plain) {
        return levels.stream().map(level -> level.depth() > 0 ? cross : plain).toList();
    }

    /** A level without transformers has the depth of the middle, for the sake of the last one: it speaks for the middle. */
    private List<Integer> depths(List<Level> levels) {
        return levels.stream()
                .map(level -> level.depth() > 0 ? level.depth() : middleDepth)
                .toList();
    }

    /** In the configuration's misnamed field: 8 heads in Stable Diffusion 1, heads of 64 channels in all others. */
    private List<Integer> heads() {
        return IntStream.range(0, down.size())
                .mapToObj(i -> {
                    int channels = down.get(i).channels();
                    if (family != Family.SD1 && channels % HEAD_WIDTH != 0) {
                        throw new ModelException(
                                "%s: attention_head_dim cannot be found out from tensors: expected levels of a multiple of"
                                                .formatted(unet)
                                        + " %d channels, found %d".formatted(HEAD_WIDTH, channels));
                    }
                    return family == Family.SD1 ? SD1_HEADS : channels / HEAD_WIDTH;
                })
                .toList();
    }

    private void addTextTime(JsonObject json) {
        int inputs = dim("label_emb.0.0.weight", 1);
        int ids = family == Family.SDXL_REFINER ? REFINER_TIME_IDS : XL_TIME_IDS;
        if (inputs <= pooled || (inputs - pooled) % ids != 0) {
            throw new ModelException(
                    "%s: label_emb.0.0.weight: expected a pooled text of %d and %d sizes, found %d inputs"
                            .formatted(unet, pooled, ids, inputs));
        }
        json.addProperty("addition_embed_type", "text_time");
        json.addProperty("addition_time_embed_dim", (inputs - pooled) / ids);
        json.addProperty("projection_class_embeddings_input_dim", inputs);
    }

    @Override
    public Weights weights(Weights file) {
        Map<String, String> names = new LinkedHashMap<>();
        unet.names().forEach(name -> names.put(diffusersName(name), name));
        return file.at(PREFIX).renamed(names);
    }

    private String diffusersName(String name) {
        String module = module(name);
        String place = modules.get(module);
        if (place == null || name.equals(module)) {
            throw unknown(name);
        }
        String rest = name.substring(module.length() + 1);
        String layer = rest.substring(0, Math.max(0, rest.lastIndexOf('.')));
        boolean known = place.contains("resnets.")
                ? LdmLayers.RESNET.containsKey(layer)
                : !place.contains("attentions.")
                        || IN_ATTENTIONS.contains(rest.substring(0, Math.max(0, rest.indexOf('.'))));
        if (!known) {
            throw unknown(name);
        }
        String there = layer.equals(HALVING) ? "conv" : LdmLayers.RESNET.getOrDefault(layer, layer);
        return place + "." + there + rest.substring(layer.length());
    }

    /** The beginning of a name that says which module it is of: {@code input_blocks.4.1} or {@code middle_block.1}. */
    private static String module(String name) {
        boolean two =
                name.startsWith("input_blocks.") || name.startsWith("output_blocks.") || name.startsWith("label_emb.");
        int end = -1;
        for (int dots = two ? 3 : 2; dots > 0; dots--) {
            end = name.indexOf('.', end + 1);
            if (end < 0) {
                return name;
            }
        }
        return name.substring(0, end);
    }

    private ModelException unknown(String name) {
        return new ModelException(
                "%s: expected the denoiser of Stable Diffusion 1, 2 or SDXL, found %s in it, which none has"
                        .formatted(unet, name));
    }
}
