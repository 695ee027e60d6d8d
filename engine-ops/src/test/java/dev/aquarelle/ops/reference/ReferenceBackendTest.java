package dev.aquarelle.ops.reference;

import static dev.aquarelle.ops.testing.TensorAssert.assertThatTensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.testing.Tolerance;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The oracle against numbers worked out by hand, or to more digits than F32 has. */
class ReferenceBackendTest {

    @Test
    void isFoundByItsName() {
        try (Backend backend = Backends.open("reference", BackendOptions.DEFAULT)) {
            assertThat(backend).isInstanceOf(ReferenceBackend.class);
            assertThat(backend.name()).isEqualTo("reference");
        }
        assertThat(Backends.installed().getLast().name()).as("the last resort").isEqualTo("reference");
    }

    /** A 2 x 3 image of one channel, ringed with zeros, under a kernel whose taps are the digits 1 to 9. */
    @Test
    void conv2dIsCrossCorrelation() {
        Tensor weight = tensor(1, 2, 3, 4, 5, 6, 7, 8, 9).reshape(1, 1, 3, 3);
        Tensor result = run(
                tensor(1, 2, 3, 4, 5, 6).reshape(1, 2, 3, 1),
                in -> in.g.conv2d(in.x, in.constant(weight), in.constant(tensor(100)), 1, Padding.all(1), 1, 1));
        assertThatTensor(result)
                .hasSameBitsAs(tensor(
                                100 + 5 + 2 * 6 + 4 * 8 + 5 * 9,
                                100 + 4 + 2 * 5 + 3 * 6 + 4 * 7 + 5 * 8 + 6 * 9,
                                100 + 2 * 4 + 3 * 5 + 5 * 7 + 6 * 8,
                                100 + 2 + 2 * 3 + 4 * 5 + 5 * 6,
                                100 + 1 + 2 * 2 + 3 * 3 + 4 * 4 + 5 * 5 + 6 * 6,
                                100 + 2 + 3 * 2 + 5 * 4 + 6 * 5)
                        .reshape(1, 2, 3, 1));
    }

    /** Zeros only below and to the right, as in the VAE's encoder; two pixels a step. */
    @Test
    void conv2dStepsAndPadsOneSide() {
        Tensor weight = tensor(1, 10, 100, 1000).reshape(1, 1, 2, 2);
        Tensor result = run(
                tensor(1, 2, 3, 4, 5, 6, 7, 8, 9).reshape(1, 3, 3, 1),
                in -> in.g.conv2d(in.x, in.constant(weight), null, 2, new Padding(0, 0, 1, 1), 1, 1));
        assertThatTensor(result).hasSameBitsAs(tensor(5421, 603, 87, 9).reshape(1, 2, 2, 1));
    }

    /** Two groups: the first result channel sees the first input channel alone. The weight's innermost axes are the kernel's. */
    @Test
    void conv2dKeepsGroupsApart() {
        Tensor weight = tensor(1, 2, 3, 4).reshape(2, 1, 1, 2);
        Tensor result = run(
                tensor(1, 10, 2, 20, 3, 30).reshape(1, 1, 3, 2), // pixels (1, 10), (2, 20), (3, 30)
                in -> in.g.conv2d(in.x, in.constant(weight), null, 1, Padding.NONE, 1, 2));
        assertThatTensor(result).hasSameBitsAs(tensor(5, 110, 8, 180).reshape(1, 1, 2, 2));
    }

    @Test
    void linearMultipliesByTheTransposedWeight() {
        Tensor weight = tensor(1, 2, 3, 4, 5, 6).reshape(2, 3);
        Tensor result = run(
                tensor(1, 10, 100).reshape(1, 3),
                in -> in.g.linear(in.x, in.constant(weight), in.constant(tensor(0.5f, -0.5f))));
        assertThatTensor(result).hasSameBitsAs(tensor(321.5f, 653.5f).reshape(1, 2));
    }

    @Test
    void matMulMultipliesRowsByColumns() {
        Tensor b = tensor(1, 2, 3, 4, 5, 6).reshape(3, 2);
        Tensor result = run(tensor(1, 10, 100).reshape(1, 3), in -> in.g.matMul(in.x, in.constant(b)));
        assertThatTensor(result).hasSameBitsAs(tensor(531, 642).reshape(1, 2));
    }

    /** Channels 0 and 1 are 1, 2, 3, 4: mean 2.5, variance 1.25; channels 2 and 3 are constant. Epsilon makes the variance 4. */
    @Test
    void groupNormTakesChannelsOfAllPositionsTogether() {
        Tensor weight = tensor(2, 4, 1, 1);
        Tensor bias = tensor(0, 1, 7, 8);
        Tensor result = run(
                tensor(1, 2, 5, 5, 3, 4, 5, 5).reshape(1, 2, 4),
                in -> in.g.groupNorm(in.x, in.constant(weight), in.constant(bias), 2, 2.75f));
        assertThatTensor(result)
                .hasSameBitsAs(tensor(-1.5f, 0, 7, 8, 0.5f, 4, 7, 8).reshape(1, 2, 4));
    }

    @Test
    void layerNormTakesEachRow() {
        Tensor result = run(tensor(1, 3, 1000, 1006).reshape(2, 2), in -> in.g.layerNorm(in.x, 3));
        assertThatTensor(result)
                .isCloseTo(
                        tensor(-0.5f, 0.5f, (float) (-3 / Math.sqrt(12)), (float) (3 / Math.sqrt(12)))
                                .reshape(2, 2),
                        Tolerance.EXACT);
    }

    /** Scores ln 1 and ln 3 give weights 1/4 and 3/4; the causal mask leaves the first query its own key. */
    @Test
    void attentionWeighsValues() {
        float score = (float) Math.log(3);
        Tensor k = tensor(0, 1).reshape(1, 2, 1);
        Tensor v = tensor(4, 8, 12, 16).reshape(1, 2, 2);
        Tensor q = tensor(score, score).reshape(1, 2, 1);
        Tensor all = run(q, in -> in.g.attention(in.x, in.constant(k), in.constant(v), 1, false));
        assertThatTensor(all).isCloseTo(tensor(10, 14, 10, 14).reshape(1, 2, 2), Tolerance.absolute(1e-6));
        Tensor causal = run(q, in -> in.g.attention(in.x, in.constant(k), in.constant(v), 1, true));
        assertThatTensor(causal).isCloseTo(tensor(4, 8, 10, 14).reshape(1, 2, 2), Tolerance.absolute(1e-6));
    }

    /** Head 1 has scores of its own: its queries and keys are the last channel. */
    @Test
    void headsLieSideBySide() {
        Tensor q = tensor(0, 1000).reshape(1, 1, 2);
        Tensor k = tensor(5, 0, 5, 1).reshape(1, 2, 2);
        Tensor v = tensor(1, 10, 3, 30).reshape(1, 2, 2);
        Tensor result = run(q, in -> in.g.attention(in.x, in.constant(k), in.constant(v), 2, false));
        assertThatTensor(result).hasSameBitsAs(tensor(2, 30).reshape(1, 1, 2));
    }

    /** Against the defining formulas in decimal arithmetic of 80 digits. The tails of GELU are where formulas cancel. */
    @ParameterizedTest
    @CsvSource({
        "SILU, 1, 0.73105857863000487925",
        "SILU, -20, -4.1223072363804071629e-8",
        "SIGMOID, -3, 0.047425873177566780879",
        "TANH, 0.5, 0.46211715726000975850",
        "QUICK_GELU, 1, 0.84579576593282129571",
        "GELU, 0.001, 0.00050039894221391106258",
        "GELU, 1, 0.84134474606854294859",
        "GELU, -1, -0.15865525393145705141",
        "GELU, 3, 2.9959503059051097164",
        "GELU, -3, -0.0040496940948902835800",
        "GELU, -5, -0.0000014332578593959695584",
        "GELU, -10, -7.6198530241605260660e-23",
        "GELU, 10, 10",
        "GELU_TANH, 1, 0.84119199060827670478",
        "RELU, -2, 0",
        "RELU, 2, 2"
    })
    void activationsAreExactInDouble(Activation function, double x, double expected) {
        assertThat(Activations.apply(function, x)).isCloseTo(expected, within(4e-15 * Math.abs(expected)));
    }

    @Test
    void softmaxOfMinusInfinityIsNothing() {
        Tensor result = run(
                tensor(0, Float.NEGATIVE_INFINITY, 0, 3e38f, 3e38f, -3e38f).reshape(2, 3), in -> in.g.softmax(in.x));
        assertThatTensor(result)
                .hasSameBitsAs(tensor(0.5f, 0, 0.5f, 0.5f, 0.5f, 0).reshape(2, 3));
    }

    /** The product 1 + 2^-23 + 2^-46 plus 2^-24 + 2^-48: by way of double the tie would be lost. */
    @Test
    void scaleIsRoundedOnce() {
        float x = 1 + 0x1p-23f;
        Tensor result = run(tensor(x), in -> in.g.scale(in.x, x, 0x1p-24f));
        assertThat(result.getFloat(0)).isEqualTo(Math.fma(x, x, 0x1p-24f));
    }

    @Test
    void upsampleNearestTakesTheFloor() {
        Tensor result = run(tensor(1, 2, 3).reshape(1, 1, 3, 1), in -> in.g.upsampleNearest(in.x, 2, 5));
        assertThatTensor(result)
                .hasSameBitsAs(tensor(1, 1, 2, 2, 3, 1, 1, 2, 2, 3).reshape(1, 2, 5, 1));
    }

    @Test
    void averagePool2DropsAnOddRow() {
        Tensor result = run(tensor(1, 2, 3, 6, 100, 200).reshape(1, 3, 2, 1), in -> in.g.averagePool2(in.x));
        assertThatTensor(result).hasSameBitsAs(tensor(3).reshape(1, 1, 1, 1));
    }

    @Test
    void concatAndSliceMoveWholeRows() {
        Tensor x = tensor(1, 2, 3, 4).reshape(2, 2);
        assertThatTensor(run(
                        x, in -> in.g.concat(1, in.x, in.constant(tensor(5, 6).reshape(2, 1)))))
                .hasSameBitsAs(tensor(1, 2, 5, 3, 4, 6).reshape(2, 3));
        assertThatTensor(run(x, in -> in.g.concat(0, in.x, in.x)))
                .hasSameBitsAs(tensor(1, 2, 3, 4, 1, 2, 3, 4).reshape(4, 2));
        assertThatTensor(run(x, in -> in.g.slice(in.x, 1, 1, 2)))
                .hasSameBitsAs(tensor(2, 4).reshape(2, 1));
    }

    @Test
    void embeddingLooksUpRows() {
        Graph graph = Graph.of(g -> g.embedding(
                g.input("ids", DType.I32, 2),
                g.constant("table", tensor(1, 2, 3, 4, 5, 6).reshape(3, 2))));
        try (Backend backend = new ReferenceBackend();
                Program program = backend.compile(graph)) {
            assertThatTensor(program.run(Tensor.of(new int[] {2, 0}, 2)))
                    .hasSameBitsAs(tensor(5, 6, 1, 2).reshape(2, 2));
        }
    }

    /** Frequencies 1 and 1/100: sines first unless flipped; an odd width ends with 0. */
    @Test
    void timestepEmbeddingIsSinesAndCosines() {
        float[] sines = {(float) Math.sin(3), (float) Math.sin(0.03)};
        float[] cosines = {(float) Math.cos(3), (float) Math.cos(0.03)};
        assertThatTensor(run(tensor(3), in -> in.g.timestepEmbedding(in.x, 5, false, 0)))
                .isCloseTo(
                        tensor(sines[0], sines[1], cosines[0], cosines[1], 0).reshape(1, 5), Tolerance.absolute(1e-7));
        assertThatTensor(run(tensor(3), in -> in.g.timestepEmbedding(in.x, 4, true, 0)))
                .isCloseTo(tensor(cosines[0], cosines[1], sines[0], sines[1]).reshape(1, 4), Tolerance.absolute(1e-7));
    }

    private static Tensor run(Tensor x, Function<Input, Value> body) {
        Graph graph =
                Graph.of(g -> body.apply(new Input(g, g.input("x", x.shape().dims()))));
        try (Backend backend = new ReferenceBackend();
                Program program = backend.compile(graph)) {
            return Tensor.of(
                    program.run(x).toFloatArray(),
                    graph.outputs().get("out").shape().dims());
        }
    }

    private static Tensor tensor(float... values) {
        return Tensor.of(values, values.length);
    }

    private record Input(Graph g, Value x) {
        Value constant(Tensor tensor) {
            return g.constant("constant", tensor);
        }
    }
}
