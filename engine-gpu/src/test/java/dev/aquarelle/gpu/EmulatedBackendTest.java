package dev.aquarelle.gpu;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.gpu.emulator.EmulatedDevice;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendException;
import dev.aquarelle.ops.graph.Graph;
import org.junit.jupiter.api.Test;

/** The first tier: the kernels on emulated work items, against the reference backend. */
final class EmulatedBackendTest extends GpuContract {
    private static final Backend BACKEND = new GpuBackend(new EmulatedDevice());

    @Override
    public Backend backend() {
        return BACKEND;
    }

    @Test
    void tokensAreNotMerged() {
        Graph graph = Graph.of(
                g -> g.mergeTokens(g.input("x", 1, 16, 4), g.matchTokens(g.input("y", 1, 16, 4), 4, 4, 3), 13));

        assertThatThrownBy(() -> BACKEND.compile(graph))
                .isInstanceOf(BackendException.class)
                .hasMessageStartingWith("matchTokens: the gpu backend does not merge tokens");
    }
}
