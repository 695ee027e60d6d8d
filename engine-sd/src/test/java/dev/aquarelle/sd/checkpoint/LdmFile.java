package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checkpoints in LDM layout made of models' parts by diffusers' names: the way back from what the engine reads, told by the layout's own
 * rule that modules are numbered through, and not by walking.
 */
public final class LdmFile {
    private static final Pattern UNET =
            Pattern.compile("(down|up)_blocks\\.(\\d+)\\.(resnets|attentions|downsamplers|upsamplers)\\.(\\d+)\\.(.*)");
    private static final Pattern VAE_LEVEL = Pattern.compile(
            "(encoder|decoder)\\.(down|up)_blocks\\.(\\d+)\\.(resnets|downsamplers|upsamplers)\\.(\\d+)\\.(.*)");

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    /** Adds a tensor that is of no part, or replaces one. */
    public LdmFile put(String name, Tensor tensor) {
        tensors.put(name, tensor);
        return this;
    }

    /** All tensors so far. */
    public Map<String, Tensor> tensors() {
        return tensors;
    }

    /** Writes the file. */
    public Path write(Path file) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        tensors.forEach(writer::add);
        writer.write(file);
        return file;
    }

    /**
     * Adds a denoiser.
     *
     * @param layers residual blocks of a level on the way down
     */
    public LdmFile unet(Weights unet, int layers) {
        for (String name : unet.names()) {
            put("model.diffusion_model." + unetName(name, unet, layers), unet.get(name));
        }
        return this;
    }

    private static String unetName(String name, Weights unet, int layers) {
        Matcher block = UNET.matcher(name);
        if (!block.matches()) {
            return name.replaceFirst("^conv_in\\.", "input_blocks.0.0.")
                    .replaceFirst("^time_embedding\\.linear_1\\.", "time_embed.0.")
                    .replaceFirst("^time_embedding\\.linear_2\\.", "time_embed.2.")
                    .replaceFirst("^add_embedding\\.linear_1\\.", "label_emb.0.0.")
                    .replaceFirst("^add_embedding\\.linear_2\\.", "label_emb.0.2.")
                    .replaceFirst("^conv_norm_out\\.", "out.0.")
                    .replaceFirst("^conv_out\\.", "out.2.")
                    .replaceFirst("^mid_block\\.attentions\\.0\\.", "middle_block.1.")
                    .replaceFirst("^mid_block\\.resnets\\.0\\.(.*)", "middle_block.0." + resnet(name))
                    .replaceFirst("^mid_block\\.resnets\\.1\\.(.*)", "middle_block.2." + resnet(name));
        }
        boolean down = block.group(1).equals("down");
        int level = Integer.parseInt(block.group(2));
        int first = down ? 1 + level * (layers + 1) : level * (layers + 1);
        String input = (down ? "input_blocks." : "output_blocks.") + (first + Integer.parseInt(block.group(4)));
        return switch (block.group(3)) {
            case "resnets" -> input + ".0." + resnet(name);
            case "attentions" -> input + ".1." + block.group(5);
            case "downsamplers" ->
                "input_blocks.%d.0.%s".formatted(first + layers, block.group(5).replace("conv.", "op."));
            default ->
                "output_blocks.%d.%d.%s"
                        .formatted(
                                first + layers,
                                unet.hasPart("up_blocks.%d.attentions".formatted(level)) ? 2 : 1,
                                block.group(5));
        };
    }

    private static String resnet(String name) {
        return name.replaceFirst(".*\\.resnets\\.\\d+\\.", "")
                .replace("norm1.", "in_layers.0.")
                .replace("conv1.", "in_layers.2.")
                .replace("time_emb_proj.", "emb_layers.1.")
                .replace("norm2.", "out_layers.0.")
                .replace("conv2.", "out_layers.3.")
                .replace("conv_shortcut.", "skip_connection.");
    }

    /**
     * Adds an autoencoder, the projections of its attention as 1x1 convolutions.
     *
     * @param levels of the decoder
     */
    public LdmFile vae(Weights vae, int levels) {
        for (String name : vae.names()) {
            Tensor tensor = vae.get(name);
            boolean projection = name.contains(".attentions.") && tensor.shape().rank() == 2;
            put(
                    "first_stage_model." + vaeName(name, levels),
                    projection
                            ? tensor.reshape(
                                    tensor.shape().dim(0), tensor.shape().dim(1), 1, 1)
                            : tensor);
        }
        return this;
    }

    private static String vaeName(String name, int levels) {
        return VAE_LEVEL
                .matcher(name)
                .replaceFirst(found -> levelName(found, levels))
                .replace("mid_block.resnets.0.", "mid.block_1.")
                .replace("mid_block.resnets.1.", "mid.block_2.")
                .replace("mid_block.attentions.0.", "mid.attn_1.")
                .replace("group_norm.", "norm.")
                .replace("to_q.", "q.")
                .replace("to_k.", "k.")
                .replace("to_v.", "v.")
                .replace("to_out.0.", "proj_out.")
                .replace("conv_norm_out.", "norm_out.");
    }

    private static String levelName(MatchResult found, int levels) {
        int level = Integer.parseInt(found.group(3));
        boolean up = found.group(2).equals("up");
        String start = "%s.%s.%d.".formatted(found.group(1), found.group(2), up ? levels - 1 - level : level);
        return switch (found.group(4)) {
            case "downsamplers" -> start + "downsample." + found.group(6);
            case "upsamplers" -> start + "upsample." + found.group(6);
            default ->
                "%sblock.%s.%s"
                        .formatted(start, found.group(5), found.group(6).replace("conv_shortcut", "nin_shortcut"));
        };
    }

    /** Adds a text encoder by the names it has. */
    public LdmFile clip(Weights text, String prefix) {
        text.names().forEach(name -> put(prefix + name, text.get(name)));
        return this;
    }

    /** Adds a text encoder by OpenCLIP's names. */
    public LdmFile openClip(Weights encoder, String prefix) {
        Weights text = encoder.hasPart("text_model") ? encoder.at("text_model") : encoder;
        put(prefix + "token_embedding.weight", text.get("embeddings.token_embedding.weight"));
        put(prefix + "positional_embedding", text.get("embeddings.position_embedding.weight"));
        for (String kind : new String[] {".weight", ".bias"}) {
            put(prefix + "ln_final" + kind, text.get("final_layer_norm" + kind));
            for (int i = 0; text.hasPart("encoder.layers." + i); i++) {
                Weights layer = text.at("encoder.layers." + i);
                String block = prefix + "transformer.resblocks.%d.".formatted(i);
                put(block + "ln_1" + kind, layer.get("layer_norm1" + kind));
                put(block + "ln_2" + kind, layer.get("layer_norm2" + kind));
                put(block + "mlp.c_fc" + kind, layer.get("mlp.fc1" + kind));
                put(block + "mlp.c_proj" + kind, layer.get("mlp.fc2" + kind));
                put(block + "attn.out_proj" + kind, layer.get("self_attn.out_proj" + kind));
                put(
                        block + "attn.in_proj" + kind.replace('.', '_'),
                        joined(
                                layer.get("self_attn.q_proj" + kind),
                                layer.get("self_attn.k_proj" + kind),
                                layer.get("self_attn.v_proj" + kind)));
            }
        }
        if (encoder.has("text_projection.weight")) {
            put(prefix + "text_projection", transposed(encoder.get("text_projection.weight")));
        }
        return this;
    }

    private static Tensor joined(Tensor... parts) {
        int[] dims = parts[0].shape().dims();
        byte[] bytes = new byte[Math.toIntExact(parts.length * parts[0].data().byteSize())];
        MemorySegment all = MemorySegment.ofArray(bytes);
        for (int i = 0; i < parts.length; i++) {
            all.asSlice(i * parts[i].data().byteSize(), parts[i].data().byteSize())
                    .copyFrom(parts[i].data());
        }
        dims[0] *= parts.length;
        return new Tensor(Shape.of(dims), parts[0].dtype(), all);
    }

    private static Tensor transposed(Tensor matrix) {
        int rows = matrix.shape().dim(0);
        int columns = matrix.shape().dim(1);
        int each = matrix.dtype().bytes();
        MemorySegment bytes = MemorySegment.ofArray(new byte[rows * columns * each]);
        for (int i = 0; i < rows * columns; i++) {
            long to = (long) (i % columns * rows + i / columns) * each;
            bytes.asSlice(to, each).copyFrom(matrix.data().asSlice((long) i * each, each));
        }
        return new Tensor(Shape.of(columns, rows), matrix.dtype(), bytes);
    }
}
