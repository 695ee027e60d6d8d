package dev.aquarelle.sd.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The numbers are transformers' of {@link TinyImageEncoder}. */
class ClipVisionModelTest {
    private static final float[] EMBEDS = {0.9169786f, 0.4683279f, -0.1905403f, -0.763881f};

    private static float[] embeds(ClipVisionModel model) {
        Graph graph = Graph.of(g -> {
            List<Value> states = model.hiddenStates(g, g.input("pixel_values", 1, 4, 4, 3));
            return model.imageEmbeds(g, states.getLast());
        });
        return run(graph);
    }

    private static float[] run(Graph graph) {
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT);
                Program program = backend.compile(graph)) {
            return program.run(TinyImageEncoder.image()).toFloatArray();
        }
    }

    @Test
    void theProjectedOutputIsTransformers() {
        assertThat(embeds(TinyImageEncoder.load())).containsExactly(EMBEDS, within(1e-5f));
    }

    @Test
    void theStateBeforeTheLastLayerIsTransformers() {
        ClipVisionModel model = TinyImageEncoder.load();
        Graph graph = Graph.of(
                g -> model.hiddenStates(g, g.input("pixel_values", 1, 4, 4, 3)).get(1));

        assertThat(graph.outputs().get("out").shape()).isEqualTo(Shape.of(1, 5, 8));
        assertThat(run(graph))
                .startsWith(
                        new float[] {
                            0.5566896f,
                            1.335322f,
                            0.4385604f,
                            0.5175235f,
                            0.1415392f,
                            -1.006995f,
                            -0.3428357f,
                            -0.03478627f,
                            0.4824453f,
                            -1.354746f,
                            1.388578f,
                            1.262684f,
                            -0.992933f,
                            1.0414f,
                            0.5492098f,
                            -1.30566f
                        },
                        within(1e-5f));
    }

    @Test
    void thePrefixMayBeAbsent() {
        Map<String, Tensor> bare = new TreeMap<>();
        TinyImageEncoder.tensors().forEach((name, tensor) -> bare.put(name.replace("vision_model.", ""), tensor));

        ClipVisionModel model = ClipVisionModel.load(Weights.of("model.safetensors", bare), TinyImageEncoder.config());

        assertThat(embeds(model)).containsExactly(EMBEDS, within(1e-5f));
    }

    @Test
    void aMisshapenTensorIsNamed() {
        Map<String, Tensor> tensors = new TreeMap<>(TinyImageEncoder.tensors());
        tensors.put("vision_model.embeddings.position_embedding.weight", Tensor.of(new float[32], 4, 8));

        assertThatThrownBy(
                        () -> ClipVisionModel.load(Weights.of("model.safetensors", tensors), TinyImageEncoder.config()))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("vision_model.embeddings.position_embedding.weight: expected [5, 8], found [4, 8] in"
                        + " model.safetensors");
    }

    @Test
    void aWholeClipModelsConfigurationHoldsTheEncoders() {
        ClipVisionConfig config = ClipVisionConfig.of(ModelConfig.parse(
                "config.json",
                "{\"model_type\": \"clip\", \"projection_dim\": 1024, \"vision_config\": {\"hidden_size\": 1280,"
                        + " \"num_attention_heads\": 16, \"patch_size\": 14, \"hidden_act\": \"gelu\"}}"));

        assertThat(config.tokens()).isEqualTo(257);
        assertThat(config.projectionDim()).isEqualTo(1024);
        assertThat(config.layer().hiddenSize()).isEqualTo(1280);
        assertThat(config.layer().causal()).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        "model_type": "siglip"                       | model_type "siglip" is not supported, only clip_vision_model, clip
        "architectures": ["CLIPVisionModel"]         | architectures ["CLIPVisionModel"] is not supported, only CLIPVisionModelWithProjection, CLIPModel
        "patch_size": 225                            | patch_size: expected at most image_size 224, found 225
        "num_attention_heads": 7                     | num_attention_heads: expected a divisor of hidden_size 768, found 7
        "num_channels": 1                            | num_channels 1 is not supported, only 3
        """)
    void namesTheFieldTheExpectedAndTheFound(String field, String message) {
        assertThatThrownBy(() -> ClipVisionConfig.of(ModelConfig.parse("config.json", "{" + field + "}")))
                .isInstanceOf(ModelException.class)
                .hasMessage("config.json: " + message);
    }
}
