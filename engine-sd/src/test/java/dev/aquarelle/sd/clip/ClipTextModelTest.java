package dev.aquarelle.sd.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelConfig;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The parts in their places; the numbers are compared by the golden files. */
class ClipTextModelTest {
    private static final ClipTextConfig CONFIG =
            ClipTextConfig.of(ModelConfig.parse("config.json", TinyTextEncoder.CONFIG));

    @Test
    void checkpointsWithAndWithoutThePrefixAreTheSameModel() {
        ClipTextModel with = ClipTextModel.load(TinyTextEncoder.weights("text_model."), CONFIG);
        ClipTextModel without = ClipTextModel.load(TinyTextEncoder.weights(""), CONFIG);
        int[] ids = {518, 3, 4, 519, 519};

        assertThat(promptEmbeds(with, 0, ids)).containsExactly(promptEmbeds(without, 0, ids));
    }

    @Test
    void aTokenDoesNotSeeThoseBehindIt() {
        ClipTextModel model = ClipTextModel.load(TinyTextEncoder.weights(""), CONFIG);

        float[] one = promptEmbeds(model, 0, 518, 3, 4, 519);
        float[] other = promptEmbeds(model, 0, 518, 3, 5, 519);

        assertThat(IntStream.range(0, 16).allMatch(i -> one[i] == other[i])).isTrue();
        assertThat(IntStream.range(16, 32).noneMatch(i -> one[i] == other[i])).isTrue();
    }

    @Test
    void clipSkipLeavesTheLastLayersOut() {
        ClipTextModel model = ClipTextModel.load(TinyTextEncoder.weights(""), CONFIG);
        Map<String, Tensor> shorter = TinyTextEncoder.tensors("");
        ClipTextModel oneLayer = ClipTextModel.load(
                Weights.of("model.safetensors", shorter),
                ClipTextConfig.of(ModelConfig.parse(
                        "config.json",
                        TinyTextEncoder.CONFIG.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1"))));

        assertThat(promptEmbeds(model, 1, 518, 3, 519)).containsExactly(promptEmbeds(oneLayer, 0, 518, 3, 519));
        assertThat(promptEmbeds(model, 1, 518, 3, 519)).isNotEqualTo(promptEmbeds(model, 0, 518, 3, 519));
        assertThatThrownBy(() -> promptEmbeds(model, 2, 518, 519)).hasMessage("clipSkip: expected 0 to 1, found 2");
    }

    @Test
    void shapesFollowTheConfig() {
        ClipTextModel model = ClipTextModel.load(TinyTextEncoder.weights("text_model."), CONFIG);
        Graph.build(g -> {
            Value ids = g.input("ids", DType.I32, 3, 77);
            List<Value> states = model.hiddenStates(g, ids);
            assertThat(states).hasSize(3).allMatch(state -> state.shape().equals(Shape.of(3, 77, 8)));
            Value pooled = model.pooled(g, model.normalized(g, states.getLast()), g.input("positions", DType.I32, 3));
            assertThat(pooled.shape()).isEqualTo(Shape.of(3, 6));
            assertThat(pooled.scope()).isEqualTo("text_projection");
            assertThat(states.get(1).scope()).isEqualTo("encoder.layers.0.mlp");
            g.output("pooled", pooled);
        });
    }

    @Test
    void refusesMoreTokensThanPositions() {
        ClipTextModel model = ClipTextModel.load(TinyTextEncoder.weights(""), CONFIG);
        assertThatThrownBy(() -> Graph.of(g -> model.promptEmbeds(g, g.input("ids", DType.I32, 1, 78), 0)))
                .isInstanceOf(TensorException.class)
                .hasMessage("text encoder: expected at most 77 tokens, found 78");
    }

    @Test
    void namesTheTensorThatIsMissing() {
        Map<String, Tensor> tensors = TinyTextEncoder.tensors("text_model.");
        tensors.remove("text_model.encoder.layers.1.self_attn.q_proj.bias");
        assertThatThrownBy(() -> load(tensors))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("text_model.encoder.layers.1.self_attn.q_proj.bias: missing in model.safetensors");
    }

    @Test
    void namesTheTensorOfAnotherShape() {
        Map<String, Tensor> tensors = TinyTextEncoder.tensors("text_model.");
        tensors.put("text_model.encoder.layers.0.mlp.fc1.weight", Tensor.of(new float[8 * 13], 13, 8));
        assertThatThrownBy(() -> load(tensors))
                .isInstanceOf(SafetensorsException.class)
                .hasMessage("text_model.encoder.layers.0.mlp.fc1.weight: expected [12, 8], found [13, 8] in"
                        + " model.safetensors");
    }

    @Test
    void aModelWithProjectionNeedsItsWeight() {
        Map<String, Tensor> tensors = TinyTextEncoder.tensors("text_model.");
        tensors.remove("text_projection.weight");
        assertThatThrownBy(() -> load(tensors)).hasMessage("text_projection.weight: missing in model.safetensors");
    }

    @Test
    void ignoresTheStoredPositions() {
        Map<String, Tensor> tensors = TinyTextEncoder.tensors("text_model.");
        tensors.put("text_model.embeddings.position_ids", Tensor.of(new int[77], 1, 77));
        assertThat(load(tensors).layers()).hasSize(2);
    }

    private static ClipTextModel load(Map<String, Tensor> tensors) {
        return ClipTextModel.load(Weights.of("model.safetensors", tensors), CONFIG);
    }

    private static float[] promptEmbeds(ClipTextModel model, int clipSkip, int... ids) {
        Graph graph = Graph.of(g -> model.promptEmbeds(g, g.input("ids", DType.I32, 1, ids.length), clipSkip));
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT);
                Program program = backend.compile(graph)) {
            return program.run(Tensor.of(ids, 1, ids.length)).toFloatArray();
        }
    }
}
