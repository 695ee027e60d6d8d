package dev.aquarelle.ops.cpu;

import static dev.aquarelle.ops.testing.RandomTensors.filled;
import static dev.aquarelle.ops.testing.RandomTensors.normal;
import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.RandomTensors.randomIndices;
import static dev.aquarelle.ops.testing.RandomTensors.stored;
import static dev.aquarelle.ops.testing.TensorAssert.assertThatTensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.LayoutOp;
import dev.aquarelle.ops.graph.MapOp;
import dev.aquarelle.ops.graph.NormOp;
import dev.aquarelle.ops.graph.Op;
import dev.aquarelle.ops.graph.ResizeOp;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.reference.ReferenceBackend;
import dev.aquarelle.ops.testing.Tolerance;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every step agrees with the reference; has the same bits with vectors and scalars, one thread and three, into other memory and, where
 * that is allowed, over its operand; and writes nothing around its result.
 */
class StepsTest {
    private final Workers[] workers = {new Workers(1), new Workers(3)};
    private final Kernels[] kernels = {Kernels.scalar(), Kernels.vector()};
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void close() {
        for (Workers each : workers) {
            each.close();
        }
        arena.close();
    }

    /** Makes the step under test. */
    private interface Maker {
        Step make(Kernels kernels, Operand x, Operand out);
    }

    @ParameterizedTest
    @CsvSource({"5", "40000"})
    void activations(int count) {
        Tensor x = normal(1, 0, 3, count);
        for (Activation function : Activation.values()) {
            Op op = new MapOp.Activate(function);
            check(
                    op,
                    Tolerance.forActivation(),
                    true,
                    x,
                    (k, in, out) -> new ActivateStep(k.map(), function, count, in, out));
        }
    }

    @ParameterizedTest
    @CsvSource({"5", "40000"})
    void scale(int count) {
        MapOp.Scale op = new MapOp.Scale(1.7f, -0.3f);
        check(op, Tolerance.EXACT, true, random(2, count), (k, in, out) -> new ScaleStep(k.map(), op, count, in, out));
    }

    @ParameterizedTest
    @CsvSource({"3, 5", "40, 640"})
    void geGlu(int rows, int width) {
        Shape shape = Shape.of(rows, width);
        Tensor x = normal(3, 0, 2, rows, 2 * width);
        check(
                new MapOp.GeGlu(),
                new Tolerance(1e-6, 4e-6, 0),
                false,
                x,
                (k, in, out) -> new GeGluStep(k.map(), shape, in, out));
    }

    @ParameterizedTest(name = "[{0}, {1}] and [{1}]")
    @CsvSource({"1, 50000", "3, 30000", "7, 5", "200, 320", "20000, 1"})
    void sumsAndProductsWithARepeatedOperand(int rows, int width) {
        Tensor a = random(4, rows, width);
        Tensor b = random(5, width);
        Operand bAt = place(b);
        check(
                new MapOp.Add(),
                Tolerance.EXACT,
                true,
                a,
                (k, in, out) -> PairwiseStep.add(k.map(), a.shape(), b.shape(), in, bAt, out),
                b);
        check(
                new MapOp.Multiply(),
                Tolerance.EXACT,
                true,
                a,
                (k, in, out) -> PairwiseStep.multiply(k.map(), a.shape(), b.shape(), in, bAt, out),
                b);
    }

    @ParameterizedTest(name = "[{0}, {1}, {2}]")
    @CsvSource({"2, 3, 5", "3, 100, 320", "2, 1, 40"})
    void vectorsForTheChannelsOfEachSample(int samples, int positions, int channels) {
        Tensor x = random(6, samples, positions, channels);
        Tensor vectors = random(7, samples, channels);
        Operand at = place(vectors);
        check(
                new MapOp.AddPerChannel(),
                Tolerance.EXACT,
                true,
                x,
                (k, in, out) -> PairwiseStep.addPerChannel(k.map(), x.shape(), in, at, out),
                vectors);
    }

    @ParameterizedTest(name = "[{0}, {1}]")
    @CsvSource({"1, 1", "5, 17", "300, 77", "9, 4096"})
    void softmax(int rows, int width) {
        Tensor x = normal(8, 0, 3, rows, width);
        Tolerance tolerance = new Tolerance(1e-37, 0x1p-19, 0);
        check(new NormOp.Softmax(), tolerance, true, x, (k, in, out) -> new SoftmaxStep(k.row(), x.shape(), in, out));
    }

    @ParameterizedTest(name = "[{0}, {1}], mean {2}")
    @CsvSource({"1, 1, 0", "5, 17, 0", "300, 320, 0", "40, 768, 10000", "3, 33, 1e6"})
    void layerNorm(int rows, int width, double mean) {
        NormOp.LayerNorm op = new NormOp.LayerNorm(1e-5f);
        Tensor x = normal(9, mean, 1, rows, width);
        Tensor weight = random(10, width);
        Tensor bias = random(11, width);
        Operand weightAt = place(weight);
        Operand biasAt = place(bias);
        check(
                op,
                Tolerance.absolute(4e-6),
                true,
                x,
                (k, in, out) -> new LayerNormStep(k.norm(), op, x.shape(), in, null, null, out));
        check(
                op,
                Tolerance.absolute(1e-5),
                true,
                x,
                (k, in, out) -> new LayerNormStep(k.norm(), op, x.shape(), in, weightAt, biasAt, out),
                weight,
                bias);
    }

    @ParameterizedTest(name = "[{0}, {1}, {2}, {3}] in {4} groups, mean {5}")
    @CsvSource({
        "1, 1, 1, 32, 32, 0", // one value a group
        "2, 1, 1, 320, 32, 3",
        "2, 7, 9, 64, 32, 0",
        "2, 20, 20, 320, 32, 0", // several chunks, groups across vectors
        "1, 16, 16, 40, 4, 10000",
        "1, 130, 130, 5, 1, 10000", // a last chunk smaller than the others
        "3, 5, 3, 17, 17, -100"
    })
    void groupNorm(int n, int h, int w, int c, int groups, double mean) {
        NormOp.GroupNorm op = new NormOp.GroupNorm(groups, 1e-6f);
        Tensor x = normal(12, mean, 1, n, h, w, c);
        checkGroupNorm(op, x, Tolerance.absolute(2e-5));
        checkGroupNorm(op, x.reshape(n, h * w, c), Tolerance.absolute(2e-5));
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "3.7", "-1234.5"})
    void groupNormOfAConstantIsTheBias(float value) {
        checkGroupNorm(new NormOp.GroupNorm(2, 1e-6f), filled(value, 2, 40, 40, 6), Tolerance.absolute(1e-7));
    }

    private void checkGroupNorm(NormOp.GroupNorm op, Tensor x, Tolerance tolerance) {
        Tensor weight = random(13, x.shape().last());
        Tensor bias = random(14, x.shape().last());
        Operand weightAt = place(weight);
        Operand biasAt = place(bias);
        Operand scratch = reserve(GroupNormStep.scratchBytes(op, x.shape()));
        check(
                op,
                tolerance,
                true,
                x,
                (k, in, out) -> new GroupNormStep(k, op, null, x.shape(), in, weightAt, biasAt, out, scratch),
                weight,
                bias);
        Graph fused = Graph.of(g -> g.silu(
                g.add(op, g.input("x", x.shape().dims()), g.constant("weight", weight), g.constant("bias", bias))));
        check(
                fused,
                tolerance,
                true,
                x,
                (k, in, out) ->
                        new GroupNormStep(k, op, Activation.SILU, x.shape(), in, weightAt, biasAt, out, scratch));
        requireNaNAround(scratch, GroupNormStep.scratchBytes(op, x.shape()));
    }

    @ParameterizedTest(name = "{0} x {1} to {2} x {3}")
    @CsvSource({"2, 3, 4, 6", "5, 7, 13, 9", "40, 40, 80, 80", "4, 4, 1, 3"})
    void upsampleNearest(int height, int width, int toHeight, int toWidth) {
        ResizeOp.UpsampleNearest op = new ResizeOp.UpsampleNearest(toHeight, toWidth);
        Tensor x = random(15, 2, height, width, 5);
        Shape result = Shape.of(2, toHeight, toWidth, 5);
        check(op, Tolerance.EXACT, false, x, (k, in, out) -> new UpsampleNearestStep(x.shape(), result, in, out));
    }

    @ParameterizedTest(name = "{0} x {1}")
    @CsvSource({"2, 2", "5, 7", "64, 66"})
    void averagePool2(int height, int width) {
        Tensor x = random(16, 2, height, width, 37);
        Shape result = Shape.of(2, height / 2, width / 2, 37);
        check(
                new ResizeOp.AveragePool2(),
                new Tolerance(2e-7, 2e-7, 0),
                false,
                x,
                (k, in, out) -> new AveragePool2Step(k.map(), x.shape(), result, in, out));
    }

    @ParameterizedTest(name = "[{0}, {1}, {2}] along {3}")
    @CsvSource({"2, 3, 5, 0", "2, 3, 5, 1", "2, 3, 5, 2", "60, 40, 320, 2", "2, 300, 320, 0"})
    void concat(int d0, int d1, int d2, int axis) {
        LayoutOp.Concat op = new LayoutOp.Concat(axis);
        Tensor x = random(17, d0, d1, d2);
        int[] dims = {d0, d1, d2};
        dims[axis] += 3;
        Tensor other = random(18, dims);
        Operand otherAt = place(other);
        List<Shape> shapes = List.of(x.shape(), other.shape(), x.shape());
        Shape result = op.resultShape(x.shape(), other.shape(), x.shape());
        check(
                op,
                Tolerance.EXACT,
                false,
                x,
                (k, in, out) -> CopyStep.concat(op, shapes, List.of(in, otherAt, in), result, out),
                other,
                x);
    }

    @ParameterizedTest(name = "[{0}, {1}, {2}] along {3}")
    @CsvSource({"7, 3, 5, 0", "2, 7, 5, 1", "2, 3, 7, 2", "60, 40, 320, 2", "9, 90, 320, 0"})
    void slice(int d0, int d1, int d2, int axis) {
        LayoutOp.Slice op = new LayoutOp.Slice(axis, 2, 6);
        Tensor x = random(19, d0, d1, d2);
        Shape result = op.resultShape(x.shape());
        check(op, Tolerance.EXACT, false, x, (k, in, out) -> CopyStep.slice(op, x.shape(), in, result, out));
    }

    @Test
    void embedding() {
        for (DType dtype : new DType[] {DType.F32, DType.F16, DType.BF16, DType.F64}) {
            Tensor ids = randomIndices(20, 30, 2, 77);
            Tensor table = stored(random(21, 30, 320), dtype);
            check(
                    new LayoutOp.Embedding(),
                    Tolerance.EXACT,
                    false,
                    ids,
                    (k, in, out) -> GatherStep.embedding(
                            "embedding", ids.shape(), in, table.shape(), dtype, new Operand(table.data(), 0), out),
                    table);
        }
    }

    @Test
    void anIdOutsideOfTheTableIsNamed() {
        Tensor table = random(22, 30, 4);
        for (int id : new int[] {30, -1}) {
            Operand ids = place(Tensor.of(new int[] {3, id}, 2));
            Step step = GatherStep.embedding(
                    "text_model: embedding", Shape.of(2), ids, table.shape(), DType.F32, place(table), reserve(32));
            assertThatThrownBy(() -> workers[1].run(step, Cancellation.NEVER))
                    .isInstanceOf(TensorException.class)
                    .hasMessage("text_model: embedding: id " + id + " (at 1) is outside of the 30 rows");
        }
    }

    @Test
    void selectRows() {
        Tensor x = random(23, 3, 5, 40);
        Tensor positions = Tensor.of(new int[] {4, 0, 2}, 3);
        Operand at = place(positions);
        check(
                new LayoutOp.SelectRows(),
                Tolerance.EXACT,
                false,
                x,
                (k, in, out) -> GatherStep.selectRows("selectRows", x.shape(), in, at, out),
                positions);
    }

    @ParameterizedTest
    @CsvSource({"320, true, 0", "33, false, 1", "256, false, 0"})
    void timestepEmbedding(int dim, boolean flip, float shift) {
        MapOp.TimestepEmbedding op = new MapOp.TimestepEmbedding(dim, flip, shift, 10000);
        Tensor timesteps = Tensor.of(new float[] {999, 0.25f, 0}, 3);
        check(op, Tolerance.EXACT, false, timesteps, (k, in, out) -> new TimestepEmbeddingStep(op, 3, in, out));
    }

    /** A graph of one operation; indices are I32 inputs, all else are constants. */
    private void check(Op op, Tolerance tolerance, boolean inPlace, Tensor x, Maker maker, Tensor... others) {
        Graph graph = Graph.of(g -> {
            Value[] operands = new Value[others.length + 1];
            operands[0] = g.input("x", x.dtype(), x.shape().dims());
            for (int i = 0; i < others.length; i++) {
                operands[i + 1] = others[i].dtype() == DType.I32
                        ? g.input("i" + i, DType.I32, others[i].shape().dims())
                        : g.constant("c" + i, others[i]);
            }
            return g.add(op, operands);
        });
        Tensor[] indices =
                Arrays.stream(others).filter(t -> t.dtype() == DType.I32).toArray(Tensor[]::new);
        check(graph, tolerance, inPlace, x, maker, indices);
    }

    private void check(Graph graph, Tolerance tolerance, boolean inPlace, Tensor x, Maker maker, Tensor[] indices) {
        Tensor[] inputs = new Tensor[indices.length + 1];
        inputs[0] = x;
        System.arraycopy(indices, 0, inputs, 1, indices.length);
        try (ReferenceBackend backend = new ReferenceBackend();
                Program reference = backend.compile(graph)) {
            Tensor expected = reference.run(inputs);
            Tensor first = run(kernels[0], workers[0], maker, x, false, expected.shape());
            assertThatTensor(first).as("%s", graph).isCloseTo(expected, tolerance);
            for (Kernels implementation : kernels) {
                for (Workers threads : workers) {
                    Tensor found = run(implementation, threads, maker, x, false, expected.shape());
                    assertThatTensor(found)
                            .as("%s on %s", graph, implementation)
                            .hasSameBitsAs(first);
                    if (inPlace) {
                        found = run(implementation, threads, maker, x, true, expected.shape());
                        assertThatTensor(found)
                                .as("%s in place on %s", graph, implementation)
                                .hasSameBitsAs(first);
                    }
                }
            }
        }
    }

    private void check(Graph graph, Tolerance tolerance, boolean inPlace, Tensor x, Maker maker) {
        check(graph, tolerance, inPlace, x, maker, new Tensor[0]);
    }

    private Tensor run(Kernels implementation, Workers threads, Maker maker, Tensor x, boolean inPlace, Shape result) {
        Operand in = place(x);
        Operand out = inPlace ? in : reserve(4 * result.size());
        threads.run(maker.make(implementation, in, out), Cancellation.NEVER);
        requireNaNAround(out, 4 * result.size());
        if (!inPlace) {
            byte[] after =
                    in.segment().asSlice(in.byteOffset(), x.data().byteSize()).toArray(ValueLayout.JAVA_BYTE);
            assertThat(after).isEqualTo(x.data().toArray(ValueLayout.JAVA_BYTE));
        }
        MemorySegment data = out.segment().asSlice(out.byteOffset(), 4 * result.size());
        return new Tensor(result, DType.F32, data);
    }

    private static final long RING = 4 * 19;

    /** Memory with NaN before, in and after it. */
    private Operand reserve(long bytes) {
        MemorySegment segment = arena.allocate(bytes + 2 * RING, 64);
        for (long at = 0; at + 4 <= segment.byteSize(); at += 4) {
            segment.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, Float.NaN);
        }
        return new Operand(segment, RING);
    }

    private Operand place(Tensor tensor) {
        Operand operand = reserve(tensor.data().byteSize());
        MemorySegment.copy(
                tensor.data(), 0, operand.segment(), RING, tensor.data().byteSize());
        return operand;
    }

    private static void requireNaNAround(Operand operand, long bytes) {
        for (long i = 0; i < RING; i += 4) {
            assertThat(operand.segment().get(ValueLayout.JAVA_FLOAT_UNALIGNED, i))
                    .isNaN();
            assertThat(operand.segment().get(ValueLayout.JAVA_FLOAT_UNALIGNED, RING + bytes + i))
                    .isNaN();
        }
    }
}
