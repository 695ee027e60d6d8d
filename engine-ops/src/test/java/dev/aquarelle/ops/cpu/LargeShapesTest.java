package dev.aquarelle.ops.cpu;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is too large for the budget or the machine is refused with its size, whatever its shape. */
class LargeShapesTest {
    private static final int SIDE = 1 << 16;
    private static final MemoryBudget GIBIBYTE = new MemoryBudget(1L << 30);
    private final CpuBackend backend = new CpuBackend(new BackendOptions(1));

    @AfterEach
    void close() {
        backend.close();
    }

    @Test
    void theBudgetIsCheckedFirst() {
        assertRefused(convolution(SIDE), GIBIBYTE);
        assertRefused(Graph.of(g -> g.linear(g.input("x", SIDE, SIDE, 1), g.input("w", 1, 1), null)), GIBIBYTE);
        assertRefused(
                Graph.of(
                        g -> g.groupNorm(g.input("x", 1, 1 << 30, 1 << 10, 1), g.input("w", 1), g.input("b", 1), 1, 1)),
                GIBIBYTE);
        assertRefused(Graph.of(g -> g.silu(g.input("x", 1 << 30, 1 << 30))), GIBIBYTE);
    }

    @Test
    void withoutABudgetTheMachineIsTheLimit() {
        assertRefused(Graph.of(g -> g.silu(g.input("x", 1 << 20, 1 << 21))), MemoryBudget.UNLIMITED); // 8 TiB
        assertRefused(twoHuge(), MemoryBudget.UNLIMITED);
    }

    private static Graph convolution(int side) {
        return Graph.of(
                g -> g.conv2d(g.input("x", 1, side, side, 1), g.input("w", 1, 1, 1, 1), null, 1, Padding.NONE, 1, 1));
    }

    /** Together more bytes than a long counts. */
    private static Graph twoHuge() {
        return Graph.of(g -> {
            Value a = g.input("a", 1 << 30, 1 << 30);
            return g.add(a, g.input("b", 1 << 30, 1 << 30));
        });
    }

    private void assertRefused(Graph graph, MemoryBudget budget) {
        assertThatThrownBy(() -> backend.compile(graph, budget).close())
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageContaining("MiB");
    }
}
