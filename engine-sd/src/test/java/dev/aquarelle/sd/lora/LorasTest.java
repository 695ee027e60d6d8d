package dev.aquarelle.sd.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.SafetensorsWriter;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.sd.ListedWeights;
import dev.aquarelle.sd.TinySource;
import dev.aquarelle.sd.nn.LowRank;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of all namings on a model with the names of Stable Diffusion 1.5. */
class LorasTest {
    private static final String TO_Q = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q";
    private static final String FC1 = "encoder.layers.0.mlp.fc1";
    private static final Map<String, Tensor> SD15 = ListedWeights.of("sd15-unet-tensors.txt");
    private static final Map<String, Map<String, Tensor>> PARTS = Map.of(
            "unet", SD15,
            "text_encoder", Map.of("text_model." + FC1 + ".weight", TinyLora.numbers(1, 6, 4)),
            "text_encoder_2", Map.of(FC1 + ".weight", TinyLora.numbers(1, 6, 4)));
    private static final TinySource MODEL = TinySource.of(PARTS);

    @TempDir
    private Path folder;

    private static AdaptedModel adapt(LoraFile file, LoraWeight weight) {
        return new Loras(List.of(new Loras.Entry(file, weight))).adapt(MODEL);
    }

    private static List<String> changed(AdaptedModel model, String part) {
        return model.weights(part, Arena.ofAuto()).names().stream()
                .filter(name -> name.endsWith("." + LowRank.DOWN))
                .map(name -> name.substring(0, name.length() - LowRank.DOWN.length() - 1))
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "unet.%s.lora_A.weight, unet.%s.lora_B.weight",
        "unet.%s.lora_A.default.weight, unet.%s.lora_B.default.weight",
        "base_model.model.%s.lora_A.weight, base_model.model.%s.lora_B.weight",
        "base_model.model.unet.%s.lora_A.weight, base_model.model.unet.%s.lora_B.weight",
        "unet.base_model.model.%s.lora_A.weight, unet.base_model.model.%s.lora_B.weight",
        "unet.%s.lora.down.weight, unet.%s.lora.up.weight",
        "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.down.weight, "
                + "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.up.weight",
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.down.weight, "
                + "down_blocks.1.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.up.weight",
        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight, "
                + "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q.lora_up.weight",
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.lora_down.weight, "
                + "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.lora_up.weight",
        "diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.lora_down.weight, "
                + "diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.lora_up.weight",
    })
    void everyNamingFindsTheLayer(String down, String up) {
        LoraFile file = new TinyLora()
                .add(down.formatted(TO_Q), 1, 2, 640)
                .add(up.formatted(TO_Q), 2, 640, 2)
                .file(folder);

        AdaptedModel model = adapt(file, LoraWeight.of(1));

        assertThat(changed(model, "unet")).containsExactly(TO_Q);
        assertThat(model.report().files()).containsExactly(new LoraReport.OfFile(file.path(), 1, List.of()));
    }

    @ParameterizedTest
    @CsvSource({
        "text_encoder, lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight, "
                + "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight",
        "text_encoder, lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight, "
                + "lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_up.weight",
        "text_encoder_2, lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight, "
                + "lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight",
        "text_encoder, text_encoder.text_model.encoder.layers.0.mlp.fc1.lora_linear_layer.down.weight, "
                + "text_encoder.text_model.encoder.layers.0.mlp.fc1.lora_linear_layer.up.weight",
        "text_encoder, text_encoder.encoder.layers.0.mlp.fc1.lora_A.weight, "
                + "text_encoder.encoder.layers.0.mlp.fc1.lora_B.weight",
        "text_encoder_2, text_encoder_2.text_model.encoder.layers.0.mlp.fc1.lora_A.weight, "
                + "text_encoder_2.text_model.encoder.layers.0.mlp.fc1.lora_B.weight",
    })
    void textEncodersAreFoundWithTheirPrefixOrWithout(String part, String down, String up) {
        AdaptedModel model =
                adapt(new TinyLora().add(down, 1, 2, 4).add(up, 2, 6, 2).file(folder), LoraWeight.of(1));

        assertThat(changed(model, part)).singleElement().asString().endsWith(FC1);
        assertThat(changed(model, part.equals("text_encoder") ? "text_encoder_2" : "text_encoder"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "conv_in, input_blocks_0_0",
        "time_embedding.linear_2, time_embed_2",
        "down_blocks.0.resnets.1.conv1, input_blocks_2_0_in_layers_2",
        "down_blocks.0.downsamplers.0.conv, input_blocks_3_0_op",
        "down_blocks.2.attentions.1.proj_out, input_blocks_8_1_proj_out",
        "down_blocks.3.resnets.0.conv2, input_blocks_10_0_out_layers_3",
        "mid_block.resnets.1.time_emb_proj, middle_block_2_0_emb_layers_1",
        "mid_block.attentions.0.proj_in, middle_block_1_proj_in",
        "up_blocks.0.upsamplers.0.conv, output_blocks_2_1_conv",
        "up_blocks.1.upsamplers.0.conv, output_blocks_5_2_conv",
        "up_blocks.3.resnets.2.conv_shortcut, output_blocks_11_0_skip_connection",
        "conv_out, out_2",
    })
    void theOriginalLayoutsNamesAreKnown(String layer, String ldm) {
        LayerNames names = new LayerNames(Map.of("unet", ListedWeights.weights(SD15)));
        String found = ldm.replace("middle_block_2_0_", "middle_block_2_");

        assertThat(names.find("lora_unet_" + found))
                .isNotNull()
                .extracting(place -> place.layer().name())
                .isEqualTo(layer);
    }

    @Test
    void noTwoLayersShareANameOfTheOriginalLayout() {
        LdmNames ldm = new LdmNames(SD15.keySet());
        List<String> layers = SD15.keySet().stream()
                .filter(name -> name.endsWith(".weight"))
                .map(name -> name.substring(0, name.length() - ".weight".length()))
                .toList();

        assertThat(layers.stream().map(ldm::of).collect(Collectors.toSet()))
                .doesNotContainNull()
                .hasSize(layers.size());
    }

    @Test
    void severalFilesAddUpEachWithItsWeight() {
        String name = "lora_te1_text_model_encoder_layers_0_mlp_fc1";
        LoraFile first = new TinyLora().pair(name, 3, 6, 4).file(folder, "a.safetensors", new SafetensorsWriter());
        LoraFile second = new TinyLora()
                .pair(name, 7, 6, 4)
                .add(name + ".alpha", Tensor.of(new float[] {4}))
                .file(folder, "b.safetensors", new SafetensorsWriter());
        AdaptedModel model = new Loras(List.of(
                        new Loras.Entry(first, LoraWeight.of(9, 0.5)),
                        new Loras.Entry(second, LoraWeight.of(9, -0.25))))
                .adapt(MODEL);

        Weights layer = model.weights("text_encoder", Arena.ofAuto()).at("text_model." + FC1);

        float[] expected = TinyLora.numbers(1, 6, 4).toFloatArray();
        for (int i = 0; i < expected.length; i++) {
            for (int k = 0; k < 2; k++) {
                float one = TinyLora.numbers(4, 6, 2).getFloat(i / 4 * 2 + k)
                        * TinyLora.numbers(3, 2, 4).getFloat(k * 4 + i % 4);
                float other = TinyLora.numbers(8, 6, 2).getFloat(i / 4 * 2 + k)
                        * TinyLora.numbers(7, 2, 4).getFloat(k * 4 + i % 4);
                expected[i] += 0.5f * one - 0.25f * 2 * other;
            }
        }
        assertThat(TinyLora.whole(layer)).containsExactly(expected, within(1e-6f));
        assertThat(layer.get(LowRank.UP).shape().last()).isEqualTo(4);
        assertThat(model.report().lowRankBytes()).isEqualTo(4 * (4 * 4 + 6 * 4));
    }

    @Test
    void aSingleFilesTensorsStayInIt() {
        LoraFile file = new TinyLora().pair("unet." + TO_Q, 3, 640, 640).file(folder);

        assertThat(adapt(file, LoraWeight.of(1)).report().lowRankBytes()).isZero();
        assertThat(adapt(file, LoraWeight.of(0.5)).report().lowRankBytes()).isEqualTo(4 * 640 * 2);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0.5, , 1, 0.5", // the weights of the parts
        "2, 1, down_blocks.1=0.25, 0.5, 1",
        "2, 1, input_blocks.4=0.25, 0.5, 1", // the same block in the original layout
        "2, 1, =0, 0, 1",
        "2, 1, =0 down_blocks=0.5 mid_block=3, 1, 1", // the longest beginning counts
        "2, 1, down_blocks.2=0.25, 2, 1",
    })
    void weightsAreByPartAndByBlock(double unet, double text, String blocks, double ofUnet, double ofText) {
        Map<String, Double> factors = blocks == null
                ? Map.of()
                : List.of(blocks.split(" ", -1)).stream()
                        .map(block -> block.split("=", -1))
                        .collect(Collectors.toMap(block -> block[0], block -> Double.valueOf(block[1])));
        LayerNames names = new LayerNames(Map.of(
                "unet", ListedWeights.weights(SD15), "text_encoder", MODEL.weights("text_encoder", Arena.ofAuto())));
        LoraWeight weight = LoraWeight.of(unet, text).withBlocks(factors);

        assertThat(weight.of(names.find("unet." + TO_Q))).isEqualTo(ofUnet);
        assertThat(weight.of(names.find("text_encoder." + FC1))).isEqualTo(ofText);
    }

    @Test
    void aBlockThatIsNoneIsRefused() {
        LoraFile file = new TinyLora().pair("unet." + TO_Q, 3, 640, 640).file(folder);
        LoraWeight weight = LoraWeight.of(1).withBlocks(Map.of("down_block.1", 0.5));

        assertThatThrownBy(() -> adapt(file, weight))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("down_block.1");
    }

    @Test
    void weightZeroIsTheModelItself() {
        LoraFile file = new TinyLora()
                .pair("unet." + TO_Q, 3, 640, 640)
                .add("unet." + TO_Q + ".dora_scale", 5, 640, 1)
                .file(folder);

        AdaptedModel model = adapt(file, LoraWeight.of(0));

        Weights weights = model.weights("unet", Arena.ofAuto());
        assertThat(weights.names()).hasSameElementsAs(SD15.keySet());
        assertThat(weights.get(TO_Q + ".weight")).isSameAs(SD15.get(TO_Q + ".weight"));
        assertThat(model.report().mergedBytes()).isZero();
    }

    @Test
    void whatIsNotAppliedIsReportedByName() {
        LoraFile file = new TinyLora()
                .pair("unet." + TO_Q, 3, 640, 640)
                .pair("unet.down_blocks.9.to_q", 3, 4, 4)
                .add("unet." + TO_Q + ".oft_blocks", 1, 4)
                .add("unet." + TO_Q + ".diff_b", 1, 640)
                .add("unet.conv_in.alpha", 1, 1)
                .file(folder);

        LoraReport.OfFile report =
                adapt(file, LoraWeight.of(1)).report().files().getFirst();

        assertThat(report.layers()).isEqualTo(1);
        assertThat(report.unused())
                .containsExactlyInAnyOrder(
                        new LoraReport.Unused("unet." + TO_Q + ".oft_blocks", "of no known kind"),
                        new LoraReport.Unused("unet." + TO_Q + ".diff_b", "there is nothing for it to change"),
                        new LoraReport.Unused("unet.conv_in.alpha", "there is nothing for it to change"),
                        new LoraReport.Unused(
                                "unet.down_blocks.9.to_q.lora_down.weight", "the model has no layer of this name"),
                        new LoraReport.Unused(
                                "unet.down_blocks.9.to_q.lora_up.weight", "the model has no layer of this name"));
    }

    @Test
    void aFileForAnotherKindOfModelIsRefused() {
        LoraFile file = new TinyLora()
                .pair("transformer.single_blocks.0.attn.to_q", 3, 4, 4)
                .file(folder);

        assertThatThrownBy(() -> adapt(file, LoraWeight.of(1)))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageContaining("expected tensors for layers of the model, found none among "
                        + "transformer.single_blocks.0.attn.to_q.lora_down.weight");
    }

    @Test
    void peftsAlphaIsInTheMetadataOrBesideTheFile() throws Exception {
        TinyLora lora = new TinyLora()
                .add("unet." + TO_Q + ".lora_A.weight", 3, 2, 640)
                .add("unet." + TO_Q + ".lora_B.weight", 4, 640, 2);
        LoraFile metadata =
                lora.file(folder, "a.safetensors", new SafetensorsWriter().metadata("lora_adapter_metadata", """
                    {"unet.r": 2, "unet.lora_alpha": 8, "unet.alpha_pattern": {"attn1.to_q": 3}}\
                    """));
        Files.writeString(folder.resolve("adapter_config.json"), """
            {"r": 2, "lora_alpha": 8, "use_rslora": true}\
            """);
        lora.file(folder, "adapter_model.safetensors", new SafetensorsWriter());

        assertThat(strength(metadata)).isEqualTo(1.5f);
        assertThat(strength(LoraFile.read(folder, Arena.ofAuto())))
                .isEqualTo((float) (8 / Math.sqrt(2)), within(1e-6f));
    }

    private static float strength(LoraFile file) {
        Weights layer =
                adapt(file, LoraWeight.of(1)).weights("unet", Arena.ofAuto()).at(TO_Q);
        return layer.get(LowRank.UP).getFloat(0) / TinyLora.numbers(4, 640, 2).getFloat(0);
    }
}
