package dev.aquarelle.gpu;

import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.TensorAssert.assertThatTensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.gpu.emulator.EmulatedDevice;
import dev.aquarelle.gpu.plan.Device;
import dev.aquarelle.gpu.plan.Stage;
import dev.aquarelle.ops.BackendException;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class DeviceMemoryTest {
    private static final int WIDTH = 64;
    private static final int LAYERS = 8;
    private static final long LAYER_BYTES = 4L * WIDTH * WIDTH;

    /** Two values at a time, the one read and the one made, and the input. */
    private static final long VALUE_BYTES = 3 * 4L * WIDTH;

    private final Graph graph = Graph.build(g -> {
        Value constant = g.silu(g.constant("c", random(99, 1, WIDTH)));
        Value x = g.add(g.input("x", 1, WIDTH), constant);
        for (int i = 0; i < LAYERS; i++) {
            x = g.linear(x, g.constant("w" + i, random(i, WIDTH, WIDTH)), null);
        }
        g.output("y", x);
    });

    @ParameterizedTest
    @ValueSource(longs = {9, 5, 3, 2})
    void sendsWeightsInEachRunWhereTheyDoNotAllFit(long layers) {
        long memory = VALUE_BYTES + 4096 + layers * LAYER_BYTES;
        try (Program whole = new GpuBackend(new EmulatedDevice()).compile(graph);
                Program parts = new GpuBackend(new EmulatedDevice(memory)).compile(graph)) {
            for (int run = 0; run < 3; run++) {
                Tensor x = random(100 + run, 1, WIDTH);

                assertThatTensor(parts.run(x)).hasSameBitsAs(whole.run(x));
            }
            assertThat(parts.memory().total()).isLessThanOrEqualTo(memory);
        }
    }

    @Test
    void refusesWhatDoesNotFitInPartsWithTheNumbers() {
        GpuBackend backend = new GpuBackend(new EmulatedDevice(LAYER_BYTES));

        assertThatThrownBy(() -> backend.compile(graph))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageContaining("one part of it at a time")
                .hasMessageContaining("only 16.0 KiB may be used");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void givesBackWhatItHadTakenWhereItDoesNotStart(boolean closes) {
        List<String> calls = new ArrayList<>();
        GpuBackend backend = new GpuBackend(new EmulatedDevice() {
            @Override
            public Run prepare(List<Stage> stages, FloatArray x) {
                return new Exhausted(calls, closes);
            }
        });

        assertThatThrownBy(() -> backend.compile(graph))
                .isInstanceOf(BackendException.class)
                .hasMessage("no memory")
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(closes ? 0 : 1));
        assertThat(calls).containsExactly("start", "close");
    }

    /** A device whose memory others have taken; closing it may fail too. */
    private record Exhausted(List<String> calls, boolean closes) implements Device.Run {
        @Override
        public void start() {
            calls.add("start");
            throw new BackendException("no memory");
        }

        @Override
        public void load(int stage) {
            calls.add("load");
        }

        @Override
        public void launch(int stage, int launch) {
            calls.add("launch");
        }

        @Override
        public void close() {
            calls.add("close");
            if (!closes) {
                throw new BackendException("does not close");
            }
        }
    }

    @Test
    void keepsToTheUsersBudgetToo() {
        GpuBackend backend = new GpuBackend(new EmulatedDevice());
        long budget = VALUE_BYTES + 4096 + 3 * LAYER_BYTES;

        try (Program program = backend.compile(graph, new MemoryBudget(budget))) {
            assertThat(Objects.requireNonNull(program.memory()).total()).isLessThanOrEqualTo(budget);
        }
    }
}
