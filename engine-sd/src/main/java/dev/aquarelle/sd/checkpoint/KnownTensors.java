package dev.aquarelle.sd.checkpoint;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Kinds of files that are no checkpoint of Stable Diffusion 1, 2 or SDXL, told by tensors that only they have. */
final class KnownTensors {
    static final String TINY_AUTOENCODER = "small autoencoder (TAESD)";

    /**
     * @param kind what the file is
     * @param parts of names, each of which must be found in some tensor's
     */
    private record Sign(String kind, List<String> parts) {
        static Sign of(String kind, String... parts) {
            return new Sign(kind, List.of(parts));
        }

        boolean isIn(Set<String> names) {
            return parts.stream().allMatch(part -> names.stream().anyMatch(name -> name.contains(part)));
        }
    }

    /** What is used beside a model; a merged checkpoint may have a forgotten tensor of it, and is a checkpoint all the same. */
    private static final List<Sign> BESIDE = List.of(
            Sign.of("LoRA", ".lora_down."),
            Sign.of("LoRA", ".lora_A."),
            Sign.of("LoRA", ".lora.down."),
            Sign.of("LoRA", "_lora.down."),
            Sign.of("LoRA", "lora_linear_layer.down."),
            Sign.of("LoHa", ".hada_w1_"),
            Sign.of("LoKr", ".lokr_w"),
            Sign.of("IP-Adapter", "ip_adapter."),
            Sign.of("IP-Adapter", "image_proj.", "to_k_ip"));

    /** The first that is found counts: what a model is derived from has its tensors too. */
    private static final List<Sign> SIGNS = List.of(
            Sign.of("checkpoint of 8-bit weights with scales beside them", ".scale_weight"),
            Sign.of("checkpoint of 8-bit weights with scales beside them", ".weight_scale"),
            Sign.of("checkpoint of 8-bit weights with scales beside them", "scaled_fp8"),
            Sign.of("checkpoint quantized by ComfyUI", ".comfy_quant"),
            Sign.of("checkpoint quantized by bitsandbytes", ".quant_state"),
            Sign.of("checkpoint quantized by bitsandbytes", ".absmax"),
            Sign.of("Stable Video Diffusion", ".time_stack."),
            Sign.of("AnimateDiff", "motion_modules."),
            Sign.of("ControlNet", "control_model.input_blocks."),
            Sign.of("T2I-Adapter", "body.0.block1.weight"),
            Sign.of("T2I-Adapter", "adapter.body.0."),
            Sign.of("Playground 2.5", "edm_mean"),
            Sign.of("CosXL", "edm_vpred.sigma_max"),
            Sign.of("Chroma", "distilled_guidance_layer."),
            Sign.of("HunyuanVideo", "txt_in.individual_token_refiner."),
            Sign.of("Flux 2", "single_stream_modulation.lin."),
            Sign.of("Flux", "double_blocks.0.img_attn."),
            Sign.of("Flux", "single_transformer_blocks.0.", "context_embedder."),
            Sign.of("Stable Diffusion 3", "joint_blocks.0."),
            Sign.of("Stable Diffusion 3", "transformer_blocks.0.attn.add_q_proj.", "pos_embed.pos_embed"),
            Sign.of("Qwen-Image", "transformer_blocks.0.img_mod."),
            Sign.of("LTX-Video", "patchify_proj."),
            Sign.of("Mochi", "blocks.0.attn.qkv_x."),
            Sign.of("Wan", "head.modulation"),
            Sign.of("Wan", "condition_embedder.time_embedder.", "blocks.0.scale_shift_table"),
            Sign.of("Cosmos", "net.x_embedder.proj.1."),
            Sign.of("CogVideoX", "patch_embed.text_proj."),
            Sign.of("Sana", "mlp.inverted_conv."),
            Sign.of("Sana", "ff.conv_inverted."),
            Sign.of("HiDream", "double_stream_blocks.0."),
            Sign.of("AuraFlow", "double_layers.0.attn."),
            Sign.of("Lumina 2 or Z-Image", "cap_embedder.0."),
            Sign.of("Hunyuan-DiT", "text_embedding_padding"),
            Sign.of("PixArt", "t_block.1.", "y_embedder."),
            Sign.of("PixArt", "adaln_single.", "caption_projection."),
            Sign.of("Stable Cascade", "clip_txt_mapper."),
            Sign.of("Stable Cascade", ".channelwise."),
            Sign.of("Kolors", "encoder_hid_proj."),
            Sign.of("unCLIP model of Stable Diffusion 2", "embedder.model.visual.", "label_emb."),
            Sign.of("upscaling model of Stable Diffusion 2", LdmUNet.PREFIX + ".label_emb.weight"),
            Sign.of("ESRGAN upscaler", ".rdb1.conv1."),
            Sign.of("ESRGAN upscaler", ".RDB1.conv1."),
            Sign.of("safety checker", "concept_embeds"));

    private KnownTensors() {}

    /** The kind, or null if none of these tensors is there. */
    static @Nullable String kind(Weights file) {
        Set<String> names = file.names();
        boolean isCheckpoint = LdmUNet.isIn(file);
        String beside = isCheckpoint ? null : first(BESIDE, names);
        String other = beside != null ? beside : first(SIGNS, names);
        return other != null || isCheckpoint ? other : part(file, names);
    }

    private static @Nullable String first(List<Sign> signs, Set<String> names) {
        return signs.stream()
                .filter(sign -> sign.isIn(names))
                .map(Sign::kind)
                .findFirst()
                .orElse(null);
    }

    /** The parts of models of this family, and what is used beside them. */
    private static @Nullable String part(Weights file, Set<String> names) {
        if (has(names, "controlnet_cond_embedding.")) {
            return "ControlNet" + family(file);
        }
        if (file.has("time_embedding.linear_1.weight") || file.has("input_blocks.0.0.weight")) {
            String first = file.has("conv_in.weight") ? "conv_in.weight" : "input_blocks.0.0.weight";
            boolean inpainting = file.has(first)
                    && file.info(first).shape().rank() == 4
                    && file.info(first).shape().dim(1) == 9;
            return (inpainting ? "inpainting U-Net" : "U-Net") + family(file);
        }
        if (has(names, "decoder.up_blocks.") || has(names, "decoder.up.") || has(names, "decoder.middle.")) {
            return "autoencoder";
        }
        if (has(names, "decoder.layers.1.conv.0.") || file.has("3.conv.0.weight")) {
            return TINY_AUTOENCODER;
        }
        if (has(names, "vision_model.") || has(names, "visual.transformer.")) {
            return "CLIP image encoder";
        }
        if (has(names, "encoder.block.0.layer.0.SelfAttention.")) {
            return "T5 text encoder";
        }
        if (has(names, "text_model.encoder.layers.") || has(names, "encoder.layers.0.self_attn.")) {
            return textEncoder(file, names, "embeddings.token_embedding.weight");
        }
        if (has(names, "transformer.resblocks.0.")) {
            return textEncoder(file, names, "token_embedding.weight");
        }
        if (has(names, "layers.0.self_attn.q_proj.")) {
            return "language model";
        }
        if (names.stream().anyMatch(name -> name.startsWith("model_ema.diffusion_model"))) {
            return "checkpoint with nothing but averages (EMA) of the denoiser";
        }
        return isEmbedding(file, names) ? "textual inversion embedding" : null;
    }

    private static boolean has(Set<String> names, String part) {
        return names.stream().anyMatch(name -> name.contains(part));
    }

    private static boolean isEmbedding(Weights file, Set<String> names) {
        return file.has("emb_params")
                || file.has("string_to_param.*")
                || file.has("clip_g") && file.has("clip_l")
                || names.size() == 1
                        && isFewRows(file.info(names.iterator().next()).shape());
    }

    private static boolean isFewRows(Shape shape) {
        return (shape.rank() == 1 || shape.rank() == 2 && shape.dim(0) <= 77)
                && Set.of(768, 1024, 1280).contains(shape.last());
    }

    private static int last(Shape shape) {
        return shape.rank() == 0 ? 0 : shape.last();
    }

    /** What the cross-attentions read. */
    private static String family(Weights file) {
        for (String name : file.names()) {
            if (name.endsWith("attn2.to_k.weight")) {
                int width = last(file.info(name).shape());
                return switch (width) {
                    case 768 -> " of Stable Diffusion 1";
                    case 1024 -> " of Stable Diffusion 2";
                    case 1280 -> " of SDXL's refiner";
                    case 2048 -> " of SDXL";
                    default -> " for text of width " + width;
                };
            }
        }
        return "";
    }

    private static String textEncoder(Weights file, Set<String> names, String table) {
        for (String name : names) {
            if (name.endsWith(table)) {
                int width = last(file.info(name).shape());
                return switch (width) {
                    case 768 -> "CLIP text encoder, ViT-L/14";
                    case 1024 -> "CLIP text encoder, ViT-H/14";
                    case 1280 -> "CLIP text encoder, ViT-bigG/14";
                    default -> "CLIP text encoder of width " + width;
                };
            }
        }
        return "text encoder";
    }
}
