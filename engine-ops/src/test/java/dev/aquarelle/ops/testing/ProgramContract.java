package dev.aquarelle.ops.testing;

import static dev.aquarelle.ops.testing.RandomTensors.copied;
import static dev.aquarelle.ops.testing.RandomTensors.normal;
import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.RandomTensors.stored;
import static dev.aquarelle.ops.testing.TensorAssert.assertThatTensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.core.memory.MemoryBudgetException;
import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a {@link Program} promises, whatever it computes: outputs, refusals, cancellation, repeated runs. */
public interface ProgramContract extends OpContract {

    /** Inputs, constants, reshaped and unused values as outputs, some of them under two names. */
    @Test
    default void anyValueMayBeAnOutput() {
        Tensor half = stored(random(141, 3, 5), DType.F16);
        Graph graph = Graph.build(g -> {
            Value x = g.input("x", 2, 3, 5);
            Value ids = g.input("ids", DType.I32, 4);
            Value weight = g.constant("weight", half);
            Value sum = g.add(x, weight);
            Value activated = g.silu(sum);
            g.output("sum", sum); // read by another operation too
            g.output("activated", activated);
            g.output("again", activated);
            g.output("x", x);
            g.output("ids", ids);
            g.output("weight", weight);
            g.output("reshapedInput", g.reshape(x, 6, 5));
            g.output("reshapedWeight", g.reshape(weight, 15));
            g.output("reshapedSum", g.reshape(sum, 30));
            g.output("part", g.slice(g.reshape(x, 30), 0, 7, 20));
            g.scale(activated, 2, 1); // dead
        });
        agreesWithTheReference(
                Tolerance.forActivation(), graph, random(142, 2, 3, 5), Tensor.of(new int[] {3, -1, 7, 9}, 4));
    }

    @Test
    default void aGraphMayHaveNoOperationAtAll() {
        agreesWithTheReference(Tolerance.EXACT, Graph.of(g -> g.input("x", 2, 3)), random(143, 2, 3));
        agreesWithTheReference(Tolerance.EXACT, Graph.of(g -> g.constant("c", random(144, 5))));
        Graph unusedInput = Graph.of(g -> {
            g.input("unused", 4);
            return g.silu(g.constant("c", random(145, 5)));
        });
        agreesWithTheReference(Tolerance.forActivation(), unusedInput, random(146, 4));
    }

    @Test
    default void runReturnsTheFirstOutput() {
        Graph graph = Graph.build(g -> {
            Value x = g.input("x", 3);
            g.output("first", g.scale(x, 2, 0));
            g.output("second", x);
        });
        try (Program program = backend().compile(graph)) {
            Tensor first = program.run(Tensor.of(new float[] {1, 2, 3}, 3));
            assertThatTensor(first).hasSameBitsAs(Tensor.of(new float[] {2, 4, 6}, 3));
            assertThatTensor(program.output("first")).hasSameBitsAs(first);
            assertThat(program.graph()).isSameAs(graph);
        }
    }

    @Test
    default void anUnknownOutputIsRefused() {
        try (Program program = backend().compile(Graph.of(g -> g.input("x", 1)))) {
            program.run(random(147, 1));
            assertThatThrownBy(() -> program.output("latents"))
                    .isInstanceOf(TensorException.class)
                    .hasMessageContaining("latents");
        }
    }

    @Test
    default void anOutputIsKnownAfterARunOnly() {
        Program program = backend().compile(Graph.of(g -> g.silu(g.input("x", 1))));
        assertThatThrownBy(() -> program.output("out"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("output out is not known");
        program.run(random(147, 1));
        program.output("out");
        assertThatThrownBy(() -> program.run(() -> true, random(148, 1))).isInstanceOf(CancellationException.class);
        assertThatThrownBy(() -> program.output("out"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("output out is not known");
        program.close();
        assertThatThrownBy(() -> program.output("out"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the program is closed");
    }

    @Test
    default void wrongInputsAreRefused() {
        Graph graph = Graph.of(g -> g.embedding(g.input("ids", DType.I32, 3), g.input("table", 5, 2)));
        Tensor ids = Tensor.of(new int[] {0, 4, 2}, 3);
        Tensor table = random(148, 5, 2);
        try (Program program = backend().compile(graph)) {
            assertThatThrownBy(() -> program.run(ids))
                    .isInstanceOf(TensorException.class)
                    .hasMessageContainingAll("2", "1");
            assertThatThrownBy(() -> program.run(ids, table, table))
                    .isInstanceOf(TensorException.class)
                    .hasMessageContainingAll("2", "3");
            assertThatThrownBy(() -> program.run(ids, random(149, 2, 5)))
                    .isInstanceOf(TensorException.class)
                    .hasMessageContainingAll("table", "F32 [5, 2]", "F32 [2, 5]");
            assertThatThrownBy(() -> program.run(ids, stored(table, DType.F16)))
                    .isInstanceOf(TensorException.class)
                    .hasMessageContainingAll("table", "F32 [5, 2]", "F16 [5, 2]");
            assertThatThrownBy(() -> program.run(random(150, 3), table))
                    .isInstanceOf(TensorException.class)
                    .hasMessageContainingAll("ids", "I32 [3]", "F32 [3]");
            program.run(ids, table); // the program stays usable
        }
    }

    /** What the caller does with an input's memory after a run is no longer the program's business, and the other way round. */
    @Test
    default void inputsAreCopied() {
        Tensor x = random(151, 4, 40);
        Tensor kept = copied(x);
        Graph graph = network();
        try (Program program = backend().compile(graph);
                Program fresh = backend().compile(graph)) {
            program.run(x);
            assertThatTensor(x).hasSameBitsAs(kept);
            Tensor first = copied(program.output("out"));
            x.data().fill((byte) 0);
            assertThatTensor(program.output("out")).hasSameBitsAs(first);
            assertThatTensor(program.run(x))
                    .as("the same tensor with other numbers")
                    .hasSameBitsAs(fresh.run(copied(x)));
            assertThatTensor(program.run(kept)).hasSameBitsAs(first);
        }
    }

    /** As a sampling loop does. */
    @Test
    default void anOutputMayBeTheNextInput() {
        Graph graph = network();
        try (Program program = backend().compile(graph)) {
            Tensor expected = random(152, 4, 40);
            for (int step = 0; step < 3; step++) {
                try (Program fresh = backend().compile(graph)) {
                    expected = copied(fresh.run(expected));
                }
            }
            Tensor x = program.run(random(152, 4, 40));
            x = program.run(x);
            x = program.run(x);
            assertThatTensor(x).hasSameBitsAs(expected);
        }
    }

    @Test
    default void inputsMayLieAtAnyAddress() {
        Tensor x = random(153, 4, 40);
        try (Program program = backend().compile(network())) {
            Tensor expected = copied(program.run(x));
            program.run(random(154, 4, 40));
            assertThatTensor(program.run(stored(x, DType.F32))).hasSameBitsAs(expected);
        }
    }

    @Test
    default void aCancelledTokenStopsTheRun() {
        try (Program program = backend().compile(network())) {
            Tensor x = random(155, 4, 40);
            Tensor expected = copied(program.run(x));
            Tensor other = random(156, 4, 40);
            assertThatThrownBy(() -> program.run(() -> true, other)).isInstanceOf(CancellationException.class);
            assertThatTensor(program.run(x)).as("after a cancelled run").hasSameBitsAs(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8})
    default void aCancelledTokenStopsTheCompiler(int questions) {
        Graph graph = network();
        AtomicInteger asked = new AtomicInteger();
        try (Program program =
                backend().compile(graph, MemoryBudget.UNLIMITED, () -> asked.incrementAndGet() >= questions)) {
            assertThat(asked)
                    .as("questions of a compiler that was not stopped")
                    .hasValueGreaterThan(0)
                    .hasValueLessThan(questions);
            program.run(random(155, 4, 40));
        } catch (CancellationException e) {
            assertThat(asked).hasValueGreaterThanOrEqualTo(questions);
        }
        try (Program program = backend().compile(graph)) {
            program.run(random(155, 4, 40));
        }
    }

    /** Stopped anywhere, the program forgets nothing and believes nothing computed that is not. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 13, 21, 34})
    default void aRunMayBeStoppedAnywhere(int questions) {
        Graph graph = network();
        try (Program program = backend().compile(graph);
                Program fresh = backend().compile(graph)) {
            program.run(random(157, 4, 40));
            Tensor x = random(158, 4, 40);
            AtomicInteger asked = new AtomicInteger();
            try {
                program.run(() -> asked.incrementAndGet() >= questions, x);
                assertThat(asked).as("questions of a run that was not stopped").hasValueLessThan(questions);
            } catch (CancellationException e) {
                assertThat(asked).hasValueGreaterThanOrEqualTo(questions);
            }
            assertThatTensor(program.run(x)).hasSameBitsAs(fresh.run(x));
        }
    }

    @Test
    default void aLongOperationAsksMoreThanOnceWhetherToStop() {
        Graph graph = Graph.of(g -> g.conv2d(
                g.input("x", 1, 64, 64, 64),
                g.constant("weight", random(159, 64, 64, 3, 3)),
                null,
                1,
                Padding.all(1),
                1,
                1));
        AtomicInteger asked = new AtomicInteger();
        try (Program program = backend().compile(graph)) {
            assertThatThrownBy(() -> program.run(() -> asked.incrementAndGet() > 2, random(160, 1, 64, 64, 64)))
                    .isInstanceOf(CancellationException.class);
        }
    }

    @Test
    default void anInterruptStopsTheRun() {
        try (Program program = backend().compile(network())) {
            Tensor x = random(161, 4, 40);
            Thread.currentThread().interrupt();
            try {
                assertThatThrownBy(() -> program.run(x)).isInstanceOf(CancellationException.class);
            } finally {
                assertThat(Thread.interrupted())
                        .as("the thread is still interrupted")
                        .isTrue();
            }
            try (Program fresh = backend().compile(network())) {
                assertThatTensor(program.run(x)).hasSameBitsAs(fresh.run(x));
            }
        }
    }

    @Test
    default void theBudgetIsCheckedBeforeAnythingIsAllocated() {
        Graph graph = network();
        long needed;
        try (Program program = backend().compile(graph)) {
            needed = program.memory().total();
        }
        assertThat(needed).isPositive();
        backend().compile(graph, new MemoryBudget(needed)).close();
        assertThatThrownBy(() -> backend().compile(graph, new MemoryBudget(needed / 2)))
                .isInstanceOf(MemoryBudgetException.class);
    }

    @Test
    default void twoProgramsOfAGraphDoNotDisturbEachOther() {
        Graph graph = network();
        try (Program a = backend().compile(graph);
                Program b = backend().compile(graph)) {
            Tensor x = random(162, 4, 40);
            Tensor ofA = a.run(x);
            Tensor kept = copied(ofA);
            b.run(random(163, 4, 40));
            assertThatTensor(ofA).hasSameBitsAs(kept);
        }
    }

    @Test
    default void closingTwiceIsHarmless() {
        Program program = backend().compile(network());
        program.run(random(164, 4, 40));
        program.close();
        program.close();
    }

    /** A few layers with a residual connection: x [4, 40] to the same shape. */
    private static Graph network() {
        return Graph.of(g -> {
            Value x = g.input("x", 4, 40);
            Value h = g.layerNorm(
                    x, g.constant("norm.weight", random(165, 40)), g.constant("norm.bias", random(166, 40)), 1e-5f);
            h = g.silu(g.linear(
                    h, g.constant("fc1.weight", normal(167, 0, 0.1, 77, 40)), g.constant("fc1.bias", random(168, 77))));
            h = g.linear(h, g.constant("fc2.weight", normal(169, 0, 0.1, 40, 77)), null);
            return g.add(x, h);
        });
    }
}
