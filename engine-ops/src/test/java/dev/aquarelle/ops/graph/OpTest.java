package dev.aquarelle.ops.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.TensorException;
import dev.aquarelle.ops.testing.RandomTensors;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The shape rules: what each operation makes, and the message with which it refuses what does not fit. */
class OpTest {
    private static final int[] IMAGE = {2, 8, 6, 40};
    private static final int[] TOKENS = {2, 48, 40};

    static Stream<Arguments> results() {
        return Stream.of(
                result("[2, 8, 6, 16]", g -> conv(g, 1, Padding.all(1), 1, 16, 40, 3, 3)),
                result("[2, 4, 3, 16]", g -> conv(g, 2, Padding.all(1), 1, 16, 40, 3, 3)),
                result("[2, 4, 3, 16]", g -> conv(g, 2, new Padding(0, 0, 1, 1), 1, 16, 40, 3, 3)),
                result("[2, 4, 2, 16]", g -> conv(g, 1, Padding.NONE, 2, 16, 40, 3, 3)),
                result("[2, 4, 4, 16]", g -> conv(g, 1, Padding.NONE, 1, 16, 40, 5, 3)),
                result("[2, 48, 7]", g -> g.linear(g.input("x", TOKENS), g.input("w", 7, 40), g.input("b", 7))),
                result("[7]", g -> g.linear(g.input("x", 40), g.input("w", 7, 40), null)),
                result("[3, 4, 6]", g -> g.matMul(g.input("a", 3, 4, 5), g.input("b", 3, 5, 6))),
                result("[4, 6]", g -> g.matMul(g.input("a", 4, 5), g.input("b", 5, 6))),
                result(
                        "[2, 48, 16]",
                        g -> g.attention(
                                g.input("q", TOKENS), g.input("k", 2, 7, 40), g.input("v", 2, 7, 16), 8, false)),
                result("[2, 48, 20]", g -> g.geGlu(g.input("x", TOKENS))),
                result("[2, 5, 40]", g -> g.reshape(g.input("x", 10, 40), 2, 5, 40)),
                result("[2, 11, 3, 40]", g -> g.upsampleNearest(g.input("x", IMAGE), 11, 3)),
                result("[1, 3, 2, 4]", g -> g.averagePool2(g.input("x", 1, 7, 5, 4))),
                result("[2, 8, 6, 60]", g -> g.concat(3, g.input("x", IMAGE), g.input("y", 2, 8, 6, 20))),
                result("[2, 3, 40]", g -> g.slice(g.input("x", TOKENS), 1, 5, 8)),
                result("[2, 77, 16]", g -> g.embedding(g.input("ids", DType.I32, 2, 77), g.input("table", 50, 16))),
                result("[2, 40]", g -> g.selectRows(g.input("x", TOKENS), g.input("at", DType.I32, 2))),
                result(
                        "[2, 30, 40]",
                        g -> g.mergeTokens(g.input("x", TOKENS), g.matchTokens(g.input("y", TOKENS), 8, 6, 18), 30)),
                result(
                        "[2, 48, 40]",
                        g -> g.unmergeTokens(g.input("x", 2, 30, 40), g.input("places", DType.I32, 2, 48))),
                result("[3, 33]", g -> g.timestepEmbedding(g.input("t", 3), 33, true, 0)),
                result("[2, 8, 6, 40]", g -> g.addPerChannel(g.input("x", IMAGE), g.input("v", 2, 40))),
                result("[2, 48, 40]", g -> g.add(g.input("x", TOKENS), g.input("row", 40))),
                result("[2, 48, 40]", g -> g.multiply(g.input("x", TOKENS), g.input("scalar"))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("results")
    void shapesFollowFromTheOperands(String expected, Function<Graph, Value> body) {
        Graph graph = Graph.of(body);
        Value value = graph.outputs().get("out");
        assertThat(value.shape()).hasToString(expected);
        assertThat(value.dtype()).isEqualTo(DType.F32);
        Shape[] operands = value.operands().stream().map(Value::shape).toArray(Shape[]::new);
        assertThat(value.op().flops(value.shape(), operands)).isPositive();
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                refusal(
                        "reshape: [2, 48, 40] does not hold as many numbers as [2, 40, 47]",
                        g -> g.reshape(g.input("x", TOKENS), 2, 40, 47)),
                refusal(
                        "conv2d: x is [2, 48, 40], weight [16, 40, 3, 3], expected four axes each",
                        g -> g.conv2d(g.input("x", TOKENS), g.input("w", 16, 40, 3, 3), null, 1, Padding.NONE, 1, 1)),
                refusal(
                        "conv2d: x [2, 8, 6, 40] does not fit weight [16, 41, 3, 3] in 1 groups",
                        g -> conv(g, 1, Padding.NONE, 1, 16, 41, 3, 3)),
                refusal(
                        "conv2d: stride, dilation and groups must be positive: Conv2d[stride=0",
                        g -> conv(g, 0, Padding.NONE, 1, 16, 40, 3, 3)),
                refusal(
                        "conv2d: the kernel of weight [16, 40, 0, 3] is empty",
                        g -> conv(g, 1, Padding.NONE, 1, 16, 40, 0, 3)),
                refusal(
                        "conv2d: x [2, 8, 6, 40] with Padding[top=0, left=0, bottom=0, right=0] is smaller than the"
                                + " kernel of weight [16, 40, 9, 3]",
                        g -> conv(g, 1, Padding.NONE, 1, 16, 40, 9, 3)),
                refusal("is smaller than the kernel", g -> conv(g, 1, Padding.NONE, Integer.MAX_VALUE, 16, 40, 3, 3)),
                refusal("is too large", g -> conv(g, 1, Padding.all(Integer.MAX_VALUE), 1, 16, 40, 3, 3)),
                refusal(
                        "conv2d: bias expected [16], found [40]",
                        g -> g.conv2d(
                                g.input("x", IMAGE),
                                g.input("w", 16, 40, 1, 1),
                                g.input("b", 40),
                                1,
                                Padding.NONE,
                                1,
                                1)),
                refusal(
                        "linear: x [2, 48, 40] does not fit weight [40, 7]",
                        g -> g.linear(g.input("x", TOKENS), g.input("w", 40, 7), null)),
                refusal(
                        "linear: x [] does not fit weight [7, 40]",
                        g -> g.linear(g.input("x"), g.input("w", 7, 40), null)),
                refusal(
                        "linear: bias expected [7], found [8]",
                        g -> g.linear(g.input("x", TOKENS), g.input("w", 7, 40), g.input("b", 8))),
                refusal(
                        "matMul: [3, 4, 5] does not fit [3, 4, 6]",
                        g -> g.matMul(g.input("a", 3, 4, 5), g.input("b", 3, 4, 6))),
                refusal(
                        "matMul: [3, 4, 5] does not fit [5, 6]",
                        g -> g.matMul(g.input("a", 3, 4, 5), g.input("b", 5, 6))),
                refusal(
                        "groupNorm: 40 channels do not divide into 33 groups (x is [2, 8, 6, 40])",
                        g -> g.groupNorm(g.input("x", IMAGE), g.input("w", 40), g.input("b", 40), 33, 1)),
                refusal(
                        "groupNorm: weight and bias expected [40] each, found [[39], [40]]",
                        g -> g.groupNorm(g.input("x", IMAGE), g.input("w", 39), g.input("b", 40), 8, 1)),
                refusal(
                        "groupNorm: x is [40], expected [N, ..., C]",
                        g -> g.groupNorm(g.input("x", 40), g.input("w", 40), g.input("b", 40), 8, 1)),
                refusal(
                        "layerNorm: weight and bias expected [40] each, found [[40], [48]]",
                        g -> g.layerNorm(g.input("x", TOKENS), g.input("w", 40), g.input("b", 48), 1)),
                refusal("layerNorm: x is [], expected [..., C]", g -> g.layerNorm(g.input("x"), 1)),
                refusal(
                        "attention: q [2, 48, 40], k [2, 7, 39] and v [2, 7, 40] do not fit each other",
                        g -> g.attention(
                                g.input("q", TOKENS), g.input("k", 2, 7, 39), g.input("v", 2, 7, 40), 8, false)),
                refusal(
                        "attention: q [2, 48, 40] or v [2, 48, 40] does not divide into 7 heads",
                        g -> g.attention(g.input("q", TOKENS), g.input("k", TOKENS), g.input("v", TOKENS), 7, false)),
                refusal(
                        "attention: there are no keys (k is [2, 0, 40])",
                        g -> g.attention(
                                g.input("q", TOKENS), g.input("k", 2, 0, 40), g.input("v", 2, 0, 40), 8, false)),
                refusal(
                        "attention: heads of width 0 have no scores (q is [2, 5, 0])",
                        g -> g.attention(
                                g.input("q", 2, 5, 0), g.input("k", 2, 7, 0), g.input("v", 2, 7, 40), 8, false)),
                refusal("attention: expected a positive, finite scale, found 0.0", g -> attention(g, 0)),
                refusal("attention: expected a positive, finite scale, found NaN", g -> attention(g, Float.NaN)),
                refusal(
                        "attention: expected a positive, finite scale, found Infinity",
                        g -> attention(g, Float.POSITIVE_INFINITY)),
                refusal(
                        "linear: [2, 0] leaves nothing to sum over",
                        g -> g.linear(g.input("x", 2, 0), g.input("w", 3, 0), null)),
                refusal(
                        "matMul: [2, 0] leaves nothing to sum over",
                        g -> g.matMul(g.input("a", 2, 0), g.input("b", 0, 3))),
                refusal(
                        "conv2d: [3, 0, 1, 1] leaves nothing to sum over",
                        g -> g.conv2d(g.input("x", 1, 4, 4, 0), g.input("w", 3, 0, 1, 1), null, 1, Padding.NONE, 1, 1)),
                refusal(
                        "conv2d: weight [1, 40, 65536, 1024] sums more than 2^31 - 1 products for a number",
                        g -> conv(g, 1, Padding.all(40000), 1, 1, 40, 65536, 1024)),
                refusal("geGlu: x is [2, 5], expected [..., 2 D]", g -> g.geGlu(g.input("x", 2, 5))),
                refusal("softmax: x is [2, 0], expected rows that are not empty", g -> g.softmax(g.input("x", 2, 0))),
                refusal(
                        "add: the axes of [48] are not the innermost axes of [2, 48, 40]",
                        g -> g.add(g.input("x", TOKENS), g.input("y", 48))),
                refusal(
                        "multiply: the axes of [2, 48, 40] are not the innermost axes of [40]",
                        g -> g.multiply(g.input("x", 40), g.input("y", TOKENS))),
                refusal(
                        "addPerChannel: x is [2, 8, 6, 40], so the vectors must be [N, C], found [1, 40]",
                        g -> g.addPerChannel(g.input("x", IMAGE), g.input("v", 1, 40))),
                refusal(
                        "upsampleNearest: cannot make [2, 8, 6, 40] 0 x 5",
                        g -> g.upsampleNearest(g.input("x", IMAGE), 0, 5)),
                refusal(
                        "upsampleNearest: cannot make [2, 0, 6, 40] 4 x 5",
                        g -> g.upsampleNearest(g.input("x", 2, 0, 6, 40), 4, 5)),
                refusal("averagePool2: [1, 1, 8, 3] is too small", g -> g.averagePool2(g.input("x", 1, 1, 8, 3))),
                refusal(
                        "concat along axis 3: [2, 8, 6, 40] and [2, 8, 7, 40] differ elsewhere",
                        g -> g.concat(3, g.input("x", IMAGE), g.input("y", 2, 8, 7, 40))),
                refusal("concat: [2, 8, 6, 40] has no axis 4", g -> g.concat(4, g.input("x", IMAGE))),
                refusal(
                        "concat: [2, 8, 6, 40] and [2, 48, 40] differ in rank",
                        g -> g.concat(0, g.input("x", IMAGE), g.input("y", TOKENS))),
                refusal("concat does not take 0 operands", g -> g.concat(0)),
                refusal("gets too long", g -> g.concat(0, g.input("x", Integer.MAX_VALUE, 0), g.input("y", 1, 0))),
                refusal(
                        "slice: [2, 48, 40] has no positions 40 to 49 in axis 1",
                        g -> g.slice(g.input("x", TOKENS), 1, 40, 49)),
                refusal(
                        "slice: [2, 48, 40] has no positions 3 to 3 in axis 1",
                        g -> g.slice(g.input("x", TOKENS), 1, 3, 3)),
                refusal(
                        "embedding: the table is [50], expected [V, C]",
                        g -> g.embedding(g.input("ids", DType.I32, 3), g.input("table", 50))),
                refusal(
                        "embedding: operand 0 is F32, expected I32",
                        g -> g.embedding(g.input("ids", 3), g.input("table", 50, 4))),
                refusal(
                        "selectRows: positions [3] do not fit [2, 48, 40]",
                        g -> g.selectRows(g.input("x", TOKENS), g.input("at", DType.I32, 3))),
                refusal(
                        "matchTokens: [2, 48, 40] are no 8 x 7 tokens",
                        g -> g.matchTokens(g.input("x", TOKENS), 8, 7, 1)),
                refusal(
                        "matchTokens: expected to merge 0 to 36 of 8 x 6 tokens, found 37",
                        g -> g.matchTokens(g.input("x", TOKENS), 8, 6, 37)),
                refusal(
                        "matchTokens: expected to merge 0 to 0 of 1 x 48 tokens, found 1",
                        g -> g.matchTokens(g.input("x", TOKENS), 1, 48, 1)),
                refusal(
                        "mergeTokens: places [2, 40] of [2, 48, 40] do not make 30 tokens",
                        g -> g.mergeTokens(g.input("x", TOKENS), g.input("places", DType.I32, 2, 40), 30)),
                refusal(
                        "unmergeTokens: places [1, 48] do not fit [2, 48, 40]",
                        g -> g.unmergeTokens(g.input("x", TOKENS), g.input("places", DType.I32, 1, 48))),
                refusal(
                        "mergeTokens: operand 1 is F32, expected I32",
                        g -> g.mergeTokens(g.input("x", TOKENS), g.input("places", 2, 48), 30)),
                refusal(
                        "timestepEmbedding: timesteps are [2, 1], expected [N]",
                        g -> g.timestepEmbedding(g.input("t", 2, 1), 32, true, 0)),
                refusal(
                        "timestepEmbedding: no frequencies for dim 0",
                        g -> g.timestepEmbedding(g.input("t", 2), 0, true, 0)),
                refusal(
                        "timestepEmbedding: no frequencies for dim 2 and shift 1.0",
                        g -> g.timestepEmbedding(g.input("t", 2), 2, true, 1)),
                refusal("silu: operand 0 is I32, expected F32", g -> g.silu(g.input("ids", DType.I32, 3))),
                refusal("linear does not take 1 operands", g -> g.add(new ProductOp.Linear(), g.input("x", 3))),
                refusal("input does not take 0 operands", g -> g.add(new SourceOp.Input("x", Shape.of(3)))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refusals")
    void theMessageNamesOperationExpectedAndFound(String message, Function<Graph, Value> body) {
        assertThatThrownBy(() -> Graph.of(body))
                .isInstanceOf(TensorException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refusals")
    void theMessageNamesTheScope(String message, Function<Graph, Value> body) {
        assertThatThrownBy(() -> Graph.of(g -> {
                    try (var _ = g.scope("down_blocks.0")) {
                        try (var _ = g.scope("resnets.1")) {
                            return body.apply(g);
                        }
                    }
                }))
                .isInstanceOf(TensorException.class)
                .hasMessageStartingWith("down_blocks.0.resnets.1: ")
                .hasMessageContaining(message);
    }

    @Test
    void paddingIsNotNegative() {
        assertThatThrownBy(() -> new Padding(0, 0, -1, 0))
                .isInstanceOf(TensorException.class)
                .hasMessage("padding must not be negative, found top 0, left 0, bottom -1, right 0");
    }

    @Test
    void weightsMayBeOfAnyFloatingPointTypeButActivationsAreF32() {
        Graph.of(g -> g.linear(
                g.input("x", 3),
                g.constant("w", RandomTensors.stored(RandomTensors.random(1, 2, 3), DType.F8_E4M3)),
                null));
        assertThatThrownBy(() -> Graph.of(g -> g.silu(g.constant("ids", RandomTensors.randomIndices(1, 5, 3)))))
                .isInstanceOf(TensorException.class)
                .hasMessage("silu: operand 0 is I32, expected F32");
    }

    private static Value attention(Graph g, float scale) {
        Value x = g.input("x", TOKENS);
        return g.add(new ProductOp.Attention(8, scale, false), x, x, x);
    }

    private static Value conv(Graph g, int stride, Padding padding, int dilation, int... weight) {
        return g.conv2d(g.input("x", IMAGE), g.input("w", weight), null, stride, padding, dilation, 1);
    }

    private static Arguments result(String shape, Function<Graph, Value> body) {
        return Arguments.of(shape, body);
    }

    private static Arguments refusal(String message, Function<Graph, Value> body) {
        return Arguments.of(message, body);
    }
}
