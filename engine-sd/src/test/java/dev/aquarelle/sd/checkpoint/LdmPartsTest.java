package dev.aquarelle.sd.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.ListedWeights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.clip.TinyTextEncoder;
import dev.aquarelle.sd.unet.UNetConfig;
import dev.aquarelle.sd.vae.VaeConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * The parts of checkpoints get the names, shapes and sizes that diffusers has. {@code *-unet-keys.txt} are the key tables of golden group 12:
 * diffusers' name of a layer, then LDM's.
 */
class LdmPartsTest {
    private static final ModelConfig NOTHING = ModelConfig.parse("", "{}");

    private static Map<String, String> keys(String resource) throws IOException {
        Map<String, String> keys = new LinkedHashMap<>();
        try (InputStream in = Objects.requireNonNull(LdmPartsTest.class.getResourceAsStream(resource), resource)) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(line -> {
                String[] names = line.split(" ", -1);
                keys.put(names[0], names[1]);
            });
        }
        return keys;
    }

    private static Map<String, Shape> shapes(Weights weights) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        weights.names().forEach(name -> shapes.put(name, weights.info(name).shape()));
        return shapes;
    }

    private static Map<String, Shape> shapes(Map<String, Tensor> tensors) {
        return shapes(Weights.of("model.safetensors", tensors));
    }

    /**
     * Stable Diffusion 1.5 as it is published, renamed by the table, which is of a model with fewer shortcuts. What is inside of transformer
     * blocks has the same names in both.
     */
    private static LdmFile sd15() throws IOException {
        Map<String, String> keys = keys("sd15-unet-keys.txt");
        LdmFile file = new LdmFile();
        ListedWeights.of("sd15-unet-tensors.txt").forEach((name, tensor) -> {
            int inside = name.indexOf(".transformer_blocks.");
            String layer = inside < 0 ? name.substring(0, name.lastIndexOf('.')) : name.substring(0, inside) + ".norm";
            String known = layer.replace("conv_shortcut", "norm1");
            String key = Objects.requireNonNull(keys.get(known), known);
            if (!known.equals(layer)) {
                key = key.replace("in_layers.0", "skip_connection");
            }
            String rest = inside < 0
                    ? key + name.substring(name.lastIndexOf('.'))
                    : key.replace(".norm", "") + name.substring(inside);
            file.put("model.diffusion_model." + rest, tensor);
        });
        return file;
    }

    @Test
    void theDenoiserOfStableDiffusion1IsThatOfDiffusers() throws IOException {
        Weights file = Weights.of("model.safetensors", sd15().tensors());

        LdmUNet unet = new LdmUNet(file, Family.of(file), 64, 0);

        assertThat(Family.of(file)).isEqualTo(Family.SD1);
        assertThat(shapes(unet.weights(file))).isEqualTo(shapes(ListedWeights.of("sd15-unet-tensors.txt")));
        assertThat(UNetConfig.of(ModelConfig.parse("", unet.config(NOTHING).toString())))
                .isEqualTo(UNetConfig.of(ModelConfig.parse("", """
                    {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8}\
                    """)));
    }

    @Test
    void theTablesAndTheRuleOfNumberingAgree() throws IOException {
        Weights diffusers = Weights.of("unet", ListedWeights.of("sd15-unet-tensors.txt"));

        assertThat(shapes(new LdmFile().unet(diffusers, 2).tensors())).isEqualTo(shapes(sd15().tensors()));
    }

    /** The names of SDXL's denoiser by the table, with transformers as deep as the published ones and other sizes. */
    private static LdmFile sdxl() throws IOException {
        LdmFile file = new LdmFile();
        keys("sdxl-unet-keys.txt").forEach((name, key) -> {
            String ldm = "model.diffusion_model." + key;
            file.put(ldm + ".weight", ListedWeights.zeros(64, 64));
            file.put(ldm + ".bias", ListedWeights.zeros(64));
            if (name.endsWith(".proj_in")) {
                int depth = name.startsWith("down_blocks.1") || name.startsWith("up_blocks.1") ? 2 : 10;
                for (int i = 0; i < depth; i++) {
                    file.put(
                            "%s.transformer_blocks.%d.attn2.to_k.weight".formatted(ldm.replace(".proj_in", ""), i),
                            ListedWeights.zeros(64, 2048));
                }
            }
        });
        return file.put("model.diffusion_model.input_blocks.0.0.weight", ListedWeights.zeros(64, 4, 3, 3))
                .put("model.diffusion_model.out.2.weight", ListedWeights.zeros(4, 64, 3, 3))
                .put("model.diffusion_model.label_emb.0.0.weight", ListedWeights.zeros(64, 2816));
    }

    @Test
    void theDenoiserOfSdxlIsThatOfDiffusers() throws IOException {
        Weights file = Weights.of("model.safetensors", sdxl().tensors());

        LdmUNet unet = new LdmUNet(file, Family.of(file), 128, 1280);

        assertThat(Family.of(file)).isEqualTo(Family.SDXL);
        assertThat(unet.weights(file).names())
                .containsAll(keys("sdxl-unet-keys.txt").keySet().stream()
                        .map(name -> name + ".weight")
                        .toList())
                .contains("up_blocks.0.attentions.2.transformer_blocks.9.attn2.to_k.weight");
        assertThat(UNetConfig.of(ModelConfig.parse("", unet.config(NOTHING).toString())))
                .isEqualTo(UNetConfig.of(ModelConfig.parse("", """
                    {"sample_size": 128, "block_out_channels": [64, 64, 64], "attention_head_dim": 1, "cross_attention_dim": 2048,
                     "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
                     "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
                     "transformer_layers_per_block": [10, 2, 10], "addition_embed_type": "text_time",
                     "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816}\
                    """)));
    }

    @Test
    void theRefinerTakesFiveSizes() throws IOException {
        Weights file = Weights.of(
                "model.safetensors",
                sdxl().put("model.diffusion_model.label_emb.0.0.weight", ListedWeights.zeros(64, 2560))
                        .put("conditioner.embedders.0.model.transformer.x", ListedWeights.zeros(1))
                        .tensors());

        assertThat(Family.of(file)).isEqualTo(Family.SDXL_REFINER);
        assertThat(new LdmUNet(file, Family.SDXL_REFINER, 128, 1280)
                        .config(NOTHING)
                        .get("addition_time_embed_dim")
                        .getAsInt())
                .isEqualTo(256);
        assertThatThrownBy(() -> new LdmUNet(file, Family.SDXL, 128, 1280).config(NOTHING))
                .hasMessageContaining("expected a pooled text of 1280 and 6 sizes, found 2560 inputs");
    }

    @Test
    void whatNoSuchDenoiserHasIsNamed() throws IOException {
        LdmFile temporal =
                sd15().put("model.diffusion_model.input_blocks.1.0.time_mixer.mix_factor", ListedWeights.zeros(1));
        LdmFile unknown = sd15().put("model.diffusion_model.input_blocks.1.2.weight", ListedWeights.zeros(1));
        LdmFile elsewhere = sd15().put("model.diffusion_model.norm.weight", ListedWeights.zeros(1));

        assertThat(refusal(unknown)).contains("found input_blocks.1.2 in it, which none has");
        assertThat(refusal(elsewhere)).contains("found norm.weight in it, which none has");
        assertThat(refusal(temporal)).contains("found input_blocks.1.0.time_mixer.mix_factor in it, which none has");
    }

    @Test
    void transformersOfSeveralDepthsInALevelAreRefused() throws IOException {
        LdmFile file = sd15().put(
                        "model.diffusion_model.output_blocks.3.1.transformer_blocks.1.norm1.bias",
                        ListedWeights.zeros(1280));

        assertThat(refusal(file))
                .contains(
                        "up_blocks.1: expected transformers of one depth behind all residual blocks, found [2, 1, 1]");
    }

    private static String refusal(LdmFile tensors) {
        Weights file = Weights.of("model.safetensors", tensors.tensors());
        try {
            new LdmUNet(file, Family.SD1, 64, 0).weights(file);
            return "";
        } catch (ModelException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void headsOfAnUnknownWidthMustBeTold() throws IOException {
        Weights file = Weights.of(
                "model.safetensors",
                sdxl().put("model.diffusion_model.input_blocks.1.0.out_layers.3.weight", ListedWeights.zeros(96, 64))
                        .put("model.diffusion_model.input_blocks.2.0.out_layers.3.weight", ListedWeights.zeros(96, 64))
                        .tensors());
        LdmUNet unet = new LdmUNet(file, Family.SDXL, 128, 1280);

        assertThatThrownBy(() -> unet.config(NOTHING))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("attention_head_dim cannot be found out")
                .hasMessageContaining("multiple of 64 channels, found 96");
        assertThat(unet.config(ModelConfig.parse("", "{\"attention_head_dim\": 8}"))
                        .has("attention_head_dim"))
                .isFalse();
    }

    @Test
    void theAutoencoderIsThatOfDiffusers() throws IOException {
        Map<String, Tensor> published = ListedWeights.of("sd15-vae-tensors.txt");
        Weights file = Weights.of(
                "model.safetensors",
                new LdmFile().vae(Weights.of("vae", published), 4).tensors());

        LdmVae vae = new LdmVae(file.at(LdmVae.PREFIX), 0.18215, 512);

        assertThat(file.names())
                .contains(
                        "first_stage_model.decoder.up.3.block.0.conv1.weight",
                        "first_stage_model.encoder.mid.attn_1.q.weight");
        Map<String, Shape> expected = new LinkedHashMap<>();
        published.forEach((name, tensor) -> expected.put(today(name), tensor.shape()));
        Map<String, Shape> found = shapes(vae.weights(file));
        assertThat(found).containsOnlyKeys(expected.keySet());
        expected.forEach(
                (name, shape) -> assertThat(found.get(name).size()).as(name).isEqualTo(shape.size()));
        assertThat(VaeConfig.of(ModelConfig.parse("", vae.config(NOTHING).toString())))
                .isEqualTo(VaeConfig.of(ModelConfig.parse("", """
                    {"block_out_channels": [128, 256, 512, 512], "layers_per_block": 2, "sample_size": 512,
                     "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
                     "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]}\
                    """)));
    }

    /** Published autoencoders have the names of the first releases. */
    private static String today(String name) {
        return name.replace(".query.", ".to_q.")
                .replace(".key.", ".to_k.")
                .replace(".value.", ".to_v.")
                .replace(".proj_attn.", ".to_out.0.");
    }

    @Test
    void anOpenClipTextEncoderIsThatOfTransformers() {
        Weights expected = TinyTextEncoder.weights("text_model.");
        Weights file = Weights.of(
                "model.safetensors",
                new LdmFile()
                        .openClip(expected, "conditioner.embedders.1.model.")
                        .tensors());

        LdmOpenClip encoder = new LdmOpenClip(file, "conditioner.embedders.1.model", true);

        Weights actual = encoder.weights(file);
        assertThat(actual.names()).containsExactlyInAnyOrderElementsOf(expected.names());
        for (String name : expected.names()) {
            assertThat(actual.get(name).toFloatArray())
                    .as(name)
                    .isEqualTo(expected.get(name).toFloatArray());
        }
        assertThat(encoder.config(ModelConfig.parse("", "{\"num_attention_heads\": 2}"))
                        .toString())
                .contains(
                        "\"hidden_size\":8",
                        "\"num_hidden_layers\":2",
                        "\"vocab_size\":520",
                        "\"intermediate_size\":12")
                .contains("\"projection_dim\":6", "\"hidden_act\":\"gelu\"", "CLIPTextModelWithProjection");
        assertThatThrownBy(() -> encoder.config(NOTHING))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("num_attention_heads cannot be found out")
                .hasMessageContaining("multiple of 64, found 8");
    }

    @Test
    void stableDiffusion2TakesTheLastLayerButOneAndNoProjection() {
        Weights all = TinyTextEncoder.weights("text_model.");
        Weights file = Weights.of(
                "model.safetensors",
                new LdmFile().openClip(all, "cond_stage_model.model.").tensors());

        LdmOpenClip encoder = new LdmOpenClip(file, "cond_stage_model.model", false);

        assertThat(encoder.weights(file).names())
                .contains("text_model.encoder.layers.0.mlp.fc1.weight")
                .doesNotContain("text_model.encoder.layers.1.mlp.fc1.weight", "text_projection.weight");
        assertThat(encoder.config(ModelConfig.parse("", "{\"num_attention_heads\": 2}"))
                        .toString())
                .contains("\"num_hidden_layers\":1", "\"CLIPTextModel\"");
    }

    @Test
    void aFusedProjectionOfAnotherShapeIsNamed() {
        Weights all = TinyTextEncoder.weights("text_model.");
        Weights file = Weights.of(
                "model.safetensors",
                new LdmFile()
                        .openClip(all, "cond_stage_model.model.")
                        .put(
                                "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_bias",
                                ListedWeights.zeros(16))
                        .tensors());

        assertThatThrownBy(() -> new LdmOpenClip(file, "cond_stage_model.model", false).weights(file))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage(
                        "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_bias: expected [24], found [16] in"
                                + " model.safetensors");
    }

    @Test
    void aTextEncoderMayLackTheFirstPartOfItsNames() {
        for (String prefix : new String[] {"", "text_model."}) {
            Weights file = Weights.of(
                    "model.safetensors",
                    new LdmFile()
                            .clip(TinyTextEncoder.weights(prefix), "cond_stage_model.transformer.")
                            .put(
                                    "cond_stage_model.transformer.%sembeddings.position_ids".formatted(prefix),
                                    Tensor.of(new int[77], 1, 77))
                            .tensors());

            LdmClip encoder = new LdmClip(file, "cond_stage_model.transformer");

            assertThat(encoder.weights(file).names())
                    .contains(
                            "text_model.embeddings.token_embedding.weight", "text_model.encoder.layers.1.mlp.fc2.bias")
                    .doesNotContain("text_model.embeddings.position_ids");
            assertThat(encoder.config(ModelConfig.parse("", "{\"num_attention_heads\": 2}"))
                            .toString())
                    .contains("\"hidden_act\":\"quick_gelu\"", "\"num_hidden_layers\":2");
        }
    }
}
