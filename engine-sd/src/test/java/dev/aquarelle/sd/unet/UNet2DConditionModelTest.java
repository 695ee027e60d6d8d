package dev.aquarelle.sd.unet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.SourceOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ListedWeights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The full-size Stable Diffusion 1.5 by its published names and shapes; its numbers are met in the golden cases. */
class UNet2DConditionModelTest {
    private static final Map<String, Tensor> SD15 = ListedWeights.of("sd15-unet-tensors.txt");
    private static final UNetConfig CONFIG = UNetConfig.of(
            ModelConfig.parse("unet/config.json", "{\"cross_attention_dim\": 768, \"attention_head_dim\": 8}"));

    private static UNet2DConditionModel load(Map<String, Tensor> tensors) {
        return UNet2DConditionModel.load(ListedWeights.weights(tensors), CONFIG);
    }

    private static Map<String, Tensor> constants(Graph graph) {
        Map<String, Tensor> constants = new LinkedHashMap<>();
        for (Value value : graph.values()) {
            if (value.op() instanceof SourceOp.Constant constant) {
                assertThat(constants.put(constant.name(), constant.tensor()))
                        .as(constant.name())
                        .isNull();
            }
        }
        return constants;
    }

    @Test
    void aCallUsesEveryTensorOnce() {
        Graph graph = load(SD15).graph(new UNetInputs.Sizes(1, 64, 64, 77));

        Map<String, Tensor> constants = constants(graph);
        assertThat(constants.keySet()).isEqualTo(SD15.keySet());
        assertThat(constants.values().stream().mapToLong(t -> t.shape().size()).sum())
                .isEqualTo(859_520_964);
        assertThat(graph.outputs()).containsOnlyKeys("out");
        assertThat(graph.outputs().get("out").shape()).isEqualTo(Shape.of(1, 64, 64, 4));
    }

    @Test
    void theLatentsAreTheFirstInput() {
        Graph graph = load(SD15).graph(new UNetInputs.Sizes(2, 64, 96, 154));

        assertThat(graph.inputs())
                .map(Value::shape)
                .containsExactly(Shape.of(2, 64, 96, 4), Shape.of(2), Shape.of(2, 154, 768));
    }

    @Test
    void scopesMirrorTheCheckpoint() {
        Graph graph = load(SD15).graph(new UNetInputs.Sizes(1, 8, 8, 77));

        for (Value value : graph.values()) {
            if (value.op() instanceof SourceOp.Constant constant) {
                assertThat(value.scope()).isNotEmpty();
                assertThat(constant.name()).startsWith(value.scope() + ".");
            }
        }
        assertThat(graph.values())
                .map(Value::scope)
                .contains(
                        "conv_in",
                        "time_embedding",
                        "down_blocks.0.resnets.1",
                        "mid_block.resnets.0",
                        "up_blocks.2.upsamplers.0")
                .contains("up_blocks.3.attentions.2.transformer_blocks.0.attn2");
    }

    @ParameterizedTest(name = "{0} x {1}")
    @CsvSource({"1, 1", "9, 7", "33, 50", "63, 65"})
    void theWayUpMeetsTheSizesOfTheWayDown(int height, int width) {
        Graph graph = load(SD15).graph(new UNetInputs.Sizes(1, height, width, 77));

        assertThat(graph.outputs().get("out").shape()).isEqualTo(Shape.of(1, height, width, 4));
    }

    @Test
    void aMissingTensorIsNamed() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(SD15);
        tensors.remove("up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight");

        assertThatThrownBy(() -> load(tensors))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight: missing in"
                        + " model.safetensors");
    }

    @Test
    void aMisshapenTensorIsNamed() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(SD15);
        tensors.put("down_blocks.0.resnets.0.conv1.weight", ListedWeights.zeros(320, 324, 3, 3));

        assertThatThrownBy(() -> load(tensors))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("down_blocks.0.resnets.0.conv1.weight: expected [320, 320, 3, 3], found [320, 324, 3, 3] in"
                        + " model.safetensors");
    }

    @Test
    void projectionsMayBeMatricesOrConvolutions() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(SD15);
        tensors.put("mid_block.attentions.0.proj_in.weight", ListedWeights.zeros(1280, 1280));

        Graph graph = load(tensors).graph(new UNetInputs.Sizes(1, 64, 64, 77));

        assertThat(constants(graph).get("mid_block.attentions.0.proj_in.weight").shape())
                .isEqualTo(Shape.of(1280, 1280));
    }

    @Test
    void aPooledTextOfTheWrongWidthIsRefused() {
        UNetConfig sdxl = UNetConfig.of(ModelConfig.parse("config.json", """
            {"addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816}
            """));

        Graph.of(g -> UNetInputs.declare(g, sdxl, new UNetInputs.Sizes(1, 64, 64, 77, 1280))
                .sample());
        assertThatThrownBy(() -> Graph.of(g -> UNetInputs.declare(g, sdxl, new UNetInputs.Sizes(1, 64, 64, 77, 768 + 5))
                        .sample()))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("a pooled text of 773 leaves 2043");
    }
}
