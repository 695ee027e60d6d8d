package dev.aquarelle.ops.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.testing.RandomTensors;
import org.junit.jupiter.api.Test;

class GraphTest {

    @Test
    void printsALineForEachValue() {
        Graph graph = Graph.of(g -> {
            Value x = g.input("latents", 2, 4, 4, 8);
            try (var _ = g.scope("resnets.0")) {
                Value weight = g.constant("norm1.weight", RandomTensors.random(1, 8));
                Value bias = g.constant("norm1.bias", RandomTensors.stored(RandomTensors.random(2, 8), DType.F16));
                return g.silu(g.groupNorm(x, weight, bias, 4, 1e-5f));
            }
        });
        assertThat(graph).hasToString("""
            %0 = input latents F32 [2, 4, 4, 8]
            %1 = constant norm1.weight F32 [8]  resnets.0
            %2 = constant norm1.bias F16 [8]  resnets.0
            %3 = groupNorm(%0, %1, %2) F32 [2, 4, 4, 8]  resnets.0
            %4 = silu(%3) F32 [2, 4, 4, 8]  resnets.0\
            """);
    }

    @Test
    void operandsComeBeforeResults() {
        Graph graph = Graph.of(g -> g.add(g.input("a", 3), g.silu(g.input("b", 3))));
        assertThat(graph.values())
                .allSatisfy(value -> assertThat(value.operands()).allSatisfy(operand -> {
                    assertThat(operand.id()).isLessThan(value.id());
                    assertThat(graph.values().get(operand.id())).isSameAs(operand);
                }));
        assertThat(graph.inputs())
                .extracting(v -> ((SourceOp.Input) v.op()).name())
                .containsExactly("a", "b");
    }

    @Test
    void aScopeEndsWhereItIsClosed() {
        Graph.of(g -> {
            Value inside;
            try (var _ = g.scope("mid_block")) {
                inside = g.input("x", 1);
            }
            assertThat(inside.scope()).isEqualTo("mid_block");
            Value outside = g.silu(inside);
            assertThat(outside.scope()).isEmpty();
            return outside;
        });
    }

    @Test
    void namesAreUsedOnce() {
        assertThatThrownBy(() -> Graph.of(g -> g.add(g.input("x", 3), g.input("x", 3))))
                .isInstanceOf(TensorException.class)
                .hasMessage("the graph already has an input x");
        assertThatThrownBy(() -> Graph.build(g -> {
                    g.output("y", g.input("x", 3));
                    g.output("y", g.inputs().getFirst());
                }))
                .isInstanceOf(TensorException.class)
                .hasMessage("the graph already has an output y");
    }

    @Test
    void aGraphHasOutputs() {
        assertThatThrownBy(() -> Graph.build(g -> g.input("x", 3)))
                .isInstanceOf(TensorException.class)
                .hasMessage("the graph has no outputs");
    }

    @Test
    void inputsAreNumbersOrIndices() {
        assertThatThrownBy(() -> Graph.of(g -> g.input("x", DType.F16, 3)))
                .isInstanceOf(TensorException.class)
                .hasMessage("input x: expected F32 or I32, found F16");
    }

    @Test
    void valuesOfAnotherGraphAreRefused() {
        Value foreign = Graph.of(g -> g.input("x", 3)).inputs().getFirst();
        assertThatThrownBy(() -> Graph.of(g -> g.add(g.input("a", 3), foreign)))
                .isInstanceOf(TensorException.class)
                .hasMessageContaining("belongs to another graph");
    }
}
