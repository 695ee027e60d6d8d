package dev.aquarelle.sd.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.sd.ModelException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ControlNetsTest {
    private static final String TEXT = "\"cross_attention_dim\": 6";

    @Test
    void whatSeveralAddIsSummed() {
        ControlNetModel net = TinyControlNet.load("a.safetensors", TEXT);
        ControlNetModel other = TinyControlNet.load("b.safetensors", TEXT + ", \"global_pool_conditions\": true");
        float[] first = TinyControlNet.run(net, net.scales(0.5f, false), "down_block_res_samples.0");
        float[] second = TinyControlNet.run(other, other.scales(2, false), "down_block_res_samples.0");

        try (Program program = TinyControlNet.compile(net, other)) {
            program.run(TinyControlNet.inputs(net.scales(0.5f, false), other.scales(2, false)));
            float[] both = program.output("down_block_res_samples.0").toFloatArray();

            assertThat(both).hasSize(first.length);
            for (int i = 0; i < both.length; i++) {
                assertThat(both[i]).isCloseTo(first[i] + second[i], within(1e-6f));
            }
        }
    }

    @Test
    void inputsAndOutputsAreInAFixedOrder() {
        ControlNetModel net = TinyControlNet.load("a.safetensors", TEXT);

        Graph graph = new ControlNets(List.of(net, net)).graph(TinyControlNet.SIZES, 1);

        assertThat(graph.inputs())
                .map(Value::shape)
                .containsExactly(
                        Shape.of(1, 2, 2, 2),
                        Shape.of(1),
                        Shape.of(1, 3, 6),
                        Shape.of(1, 4, 4, 3),
                        Shape.of(5),
                        Shape.of(1, 4, 4, 3),
                        Shape.of(5));
        assertThat(graph.outputs().keySet())
                .containsExactly(
                        "down_block_res_samples.0",
                        "down_block_res_samples.1",
                        "down_block_res_samples.2",
                        "down_block_res_samples.3",
                        "mid_block_res_sample");
    }

    @Test
    void netsForOtherDenoisersAreRefused() {
        ControlNetModel net = TinyControlNet.load("a.safetensors", TEXT);
        ControlNetModel other = ControlNetModel.load(
                Weights.of("b.safetensors", TinyControlNet.tensors(2, 5, 8, 16, 4, 6)),
                TinyControlNet.config("\"cross_attention_dim\": 5"));

        assertThatThrownBy(() -> new ControlNets(List.of(net, other)))
                .isInstanceOf(ModelException.class)
                .hasMessage("b.safetensors: this ControlNet does not fit a.safetensors: its width of text: expected 6,"
                        + " found 5");
        assertThatThrownBy(() ->
                        new ControlNets(List.of(net)).requireFit(other.config().encoder(), "unet"))
                .hasMessage("a.safetensors: this ControlNet does not fit unet: its width of text: expected 5, found 6");
        assertThatThrownBy(() -> new ControlNets(List.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
