package dev.aquarelle.sd.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ListedWeights;
import dev.aquarelle.sd.ModelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever a file is, it is called by its name, and what is no checkpoint is refused in a sentence. */
class FileKindTest {
    @TempDir
    Path folder;

    @ParameterizedTest(name = "{1}")
    @CsvSource({
        "'', empty file",
        "'GGUF\\3', GGUF file",
        "'PK\\3\\4x', zip archive",
        "'\\200\\2}q', Python pickle",
        "'version https://git-lfs.github.com/spec/v1', pointer of Git LFS",
        "'\n <!DOCTYPE html><html>', web page",
        "'<html lang=x>', web page",
        "'\\b\\7\\22\\7pytorch', ONNX model",
        "'{\"a\": 1}', JSON text",
        "'\\211PNG', PNG picture"
    })
    void filesOfOtherFormatsAreToldByTheirFirstBytes(String start, String kind) throws IOException {
        byte[] bytes = start.translateEscapes().getBytes(StandardCharsets.ISO_8859_1);
        Path file = Files.write(folder.resolve("model.safetensors"), bytes);

        assertThat(FileKind.of(file).title()).startsWith(kind);
        assertThatThrownBy(() -> ModelSource.open(file))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith(
                        file + ": expected a checkpoint of Stable Diffusion 1, 2 or SDXL, found: " + kind);
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource({
        "model.diffusion_model.double_blocks.0.img_attn.qkv.weight, Flux",
        "single_transformer_blocks.0.attn.to_q.weight context_embedder.weight, Flux",
        "model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight, Stable Diffusion 3",
        "blocks.0.attn.proj.weight t_block.1.weight y_embedder.y_proj.fc1.weight, PixArt",
        "adaln_single.linear.weight caption_projection.linear_1.weight, PixArt",
        "head.modulation blocks.0.self_attn.q.weight, Wan",
        "txt_in.individual_token_refiner.blocks.0.norm1.bias double_blocks.0.img_attn.x, HunyuanVideo",
        "patchify_proj.weight adaln_single.linear.weight caption_projection.linear_1.weight, LTX-Video",
        "lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight, LoRA",
        "unet.down_blocks.0.attentions.0.to_q.lora_A.weight, LoRA",
        "lora_unet_mid_block.hada_w1_a, LoHa",
        "lora_unet_mid_block.lokr_w1, LoKr",
        "first_stage_model.x decoder.up.0.block.0.conv1.weight, autoencoder",
        "decoder.up_blocks.0.resnets.0.conv1.weight, autoencoder",
        "decoder.layers.1.conv.0.weight, small autoencoder (TAESD)",
        "controlnet_cond_embedding.conv_in.weight conv_in.weight, ControlNet",
        "control_model.input_blocks.0.0.weight, ControlNet",
        "time_embedding.linear_1.weight conv_in.weight, U-Net",
        "text_model.encoder.layers.0.mlp.fc1.bias, text encoder",
        "transformer.resblocks.0.ln_1.weight, text encoder",
        "encoder.block.0.layer.0.SelfAttention.q.weight, T5 text encoder",
        "vision_model.encoder.layers.0.mlp.fc1.bias, CLIP image encoder",
        "emb_params, textual inversion embedding",
        "clip_g clip_l, textual inversion embedding",
        "model_ema.diffusion_modelinput_blocks00weight, checkpoint with nothing but averages (EMA) of the denoiser",
        "model.1.sub.0.RDB1.conv1.0.weight, ESRGAN upscaler",
        "edm_mean, Playground 2.5",
        "anything, unknown"
    })
    void safetensorsFilesAreToldByTheNamesOfTheirTensors(String names, String kind) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        for (String name : names.split(" ", -1)) {
            writer.add(name, ListedWeights.zeros(1));
        }
        Path file = folder.resolve("model.safetensors");
        writer.write(file);

        assertThat(FileKind.of(file)).isEqualTo(new FileKind(kind, true, false));
        assertThatThrownBy(() -> SingleFile.open(file))
                .isInstanceOf(ModelException.class)
                .hasMessage(file + ": expected a checkpoint of Stable Diffusion 1, 2 or SDXL, found: " + kind);
    }

    @ParameterizedTest(name = "{2}")
    @CsvSource({
        "4, cond_stage_model.transformer.x, single-file checkpoint of Stable Diffusion 1",
        "9, cond_stage_model.transformer.x, single-file checkpoint of Stable Diffusion 1 for inpainting",
        "8, cond_stage_model.transformer.x, single-file checkpoint of Stable Diffusion 1 for editing (InstructPix2Pix)",
        "4, lora_te_forgotten.lora_down.weight, single-file checkpoint of Stable Diffusion 1",
        "4, cond_stage_model.model.x, single-file checkpoint of Stable Diffusion 2",
        "4, conditioner.embedders.0.model.x, single-file checkpoint of Stable Diffusion 2",
        "4, model.diffusion_model.label_emb.0.0.weight, single-file checkpoint of SDXL",
        "5, cond_stage_model.model.x, single-file checkpoint of Stable Diffusion 2 with 5 input channels",
        "4, model.diffusion_model.input_blocks.1.1.proj_in.weight.scale_weight, checkpoint of 8-bit weights with"
                + " scales beside them"
    })
    void checkpointsAreToldByShapesToo(int channels, String other, String kind) {
        Weights file = Weights.of(
                "model.safetensors",
                new LinkedHashMap<>(Map.of(
                        "model.diffusion_model.input_blocks.0.0.weight",
                        ListedWeights.zeros(32, channels, 3, 3),
                        other,
                        ListedWeights.zeros(1))));

        assertThat(FileKind.of(file).title()).isEqualTo(kind);
        assertThat(FileKind.of(file).isCheckpoint()).isEqualTo(channels != 5 && !kind.contains("scales"));
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertThatThrownBy(() -> FileKind.of(folder.resolve("none")))
                .isInstanceOf(ModelException.class)
                .hasMessage(folder.resolve("none") + ": expected a model, found nothing of that name");
        assertThatThrownBy(() -> FileKind.of(folder)).hasMessage(folder + ": expected a file, found a folder");
    }
}
