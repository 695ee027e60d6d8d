package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.testing.RandomTensors;
import java.util.List;

/**
 * A graph whose bits are compared, for any batch. Together they take every way through the products, at sizes that leave parts of
 * blocks, tiles and vectors over.
 *
 * @param samples shapes of the inputs, without the batch
 */
record ProbeGraph(String name, Body body, List<Shape> samples) {
    /** Norm, convolution, self and cross attention and a gated layer. */
    static final ProbeGraph BLOCK =
            new ProbeGraph("block", ProbeGraph::block, List.of(Shape.of(9, 7, 100), Shape.of(77, 24)));

    /** Convolutions by transformed tiles. */
    static final ProbeGraph TILES = new ProbeGraph("tiles", ProbeGraph::tiles, List.of(Shape.of(13, 12, 272)));

    /** Attention among merged tokens. */
    static final ProbeGraph TOKENS = new ProbeGraph("tokens", ProbeGraph::tokens, List.of(Shape.of(19 * 18, 72)));

    /** All of them. */
    static List<ProbeGraph> all() {
        return List.of(
                BLOCK,
                TILES,
                new ProbeGraph("manyKeys", ProbeGraph::manyKeys, List.of(Shape.of(40, 48), Shape.of(530, 48))),
                new ProbeGraph("fewRows", ProbeGraph::fewRows, List.of(Shape.of(77, 72))),
                new ProbeGraph("convolutions", ProbeGraph::convolutions, List.of(Shape.of(13, 11, 48))),
                new ProbeGraph("narrowWeights", ProbeGraph::narrowWeights, List.of(Shape.of(12, 11, 64))),
                TOKENS);
    }

    /** Adds the operations to a graph and returns the last. */
    interface Body {
        Value build(Graph g, Value... inputs);
    }

    Graph graph(int batch) {
        return Graph.of(g -> {
            Value[] inputs = new Value[samples.size()];
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = g.input("x" + i, batched(batch, samples.get(i)));
            }
            return body.build(g, inputs);
        });
    }

    Tensor[] inputs(int batch) {
        Tensor[] inputs = new Tensor[samples.size()];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = RandomTensors.random(i + 1, batched(batch, samples.get(i)));
        }
        return inputs;
    }

    @Override
    public String toString() {
        return name;
    }

    private static int[] batched(int batch, Shape sample) {
        int[] dims = new int[sample.rank() + 1];
        dims[0] = batch;
        System.arraycopy(sample.dims(), 0, dims, 1, sample.rank());
        return dims;
    }

    private static Value block(Graph g, Value... inputs) {
        Value x = inputs[0];
        Value text = inputs[1];
        Value h = g.silu(g.groupNorm(x, weight(g, 3, 100), weight(g, 4, 100), 20, 1e-5f));
        h = g.conv2d(h, weight(g, 5, 88, 100, 3, 3), weight(g, 6, 88), 1, Padding.all(1), 1, 1);
        Value tokens = g.reshape(h, x.shape().dim(0), 63, 88);
        Value norm = g.layerNorm(tokens, weight(g, 7, 88), weight(g, 8, 88), 1e-5f);
        Value self = g.attention(
                g.linear(norm, weight(g, 9, 88, 88), null), g.linear(norm, weight(g, 10, 88, 88), null), norm, 4, true);
        tokens = g.add(tokens, self);
        Value cross = g.attention(
                tokens,
                g.linear(text, weight(g, 11, 88, 24), null),
                g.linear(text, weight(g, 12, 88, 24), null),
                2,
                false);
        tokens = g.add(tokens, cross);
        return g.geGlu(g.linear(tokens, weight(g, 13, 352, 88), weight(g, 14, 352)));
    }

    /** Weights first and tiles first, parts of tiles, panels and blocks of channels. */
    private static Value tiles(Graph g, Value... inputs) {
        Value few = g.conv2d(inputs[0], weight(g, 3, 80, 272, 3, 3), weight(g, 4, 80), 1, Padding.all(1), 1, 1);
        Value large = g.upsampleNearest(few, 26, 24);
        return g.conv2d(large, weight(g, 5, 64, 80, 3, 3), null, 1, Padding.all(1), 1, 1);
    }

    /** Attention over more keys than are taken at a time: two blocks and a part, and under a causal mask a block and a part. */
    private static Value manyKeys(Graph g, Value... inputs) {
        Value keys = inputs[1];
        Value cross = g.attention(inputs[0], keys, keys, 3, false);
        Value start = g.slice(keys, 1, 0, AttentionStep.KEYS + 34);
        return g.concat(1, cross, g.attention(start, start, start, 2, true));
    }

    /** Few rows and many weights: sums of one block, of several, and of more than are added up at a time, gated and not; many more columns than one task takes. */
    private static Value fewRows(Graph g, Value... inputs) {
        Value wide = g.geGlu(g.linear(inputs[0], weight(g, 3, 2 * 1408, 72), weight(g, 4, 2 * 1408)));
        Value gated = g.geGlu(g.linear(wide, weight(g, 5, 2 * 640, 1408), null));
        return g.linear(gated, weight(g, 6, 403, 640), weight(g, 7, 403));
    }

    /** Channel by channel with a dilation; in groups with a stride and uneven padding; pointwise in groups, and with a stride. */
    private static Value convolutions(Graph g, Value... inputs) {
        Value h = g.conv2d(inputs[0], weight(g, 3, 48, 1, 5, 5), null, 1, Padding.all(4), 2, 48);
        h = g.conv2d(h, weight(g, 4, 36, 16, 3, 3), weight(g, 5, 36), 2, new Padding(0, 0, 1, 1), 1, 3);
        h = g.conv2d(h, weight(g, 6, 76, 9, 1, 1), weight(g, 7, 76), 1, Padding.NONE, 1, 4);
        return g.conv2d(h, weight(g, 8, 20, 76, 1, 1), null, 3, Padding.NONE, 1, 1);
    }

    /** Weights of each narrow type in a convolution by tiles, a direct one and a linear layer. */
    private static Value narrowWeights(Graph g, Value... inputs) {
        Value h = inputs[0];
        long seed = 3;
        for (DType dtype : new DType[] {DType.BF16, DType.F8_E4M3, DType.F8_E5M2, DType.F16}) {
            h = g.conv2d(h, weight(g, seed++, dtype, 64, 64, 3, 3), null, 1, Padding.all(1), 1, 1);
            h = g.layerNorm(h, 1e-5f); // keeps numbers near 1
            Value direct = g.conv2d(h, weight(g, seed++, dtype, 36, 32, 3, 3), null, 2, Padding.all(1), 1, 2);
            direct = g.linear(direct, weight(g, seed++, dtype, 64, 36), weight(g, seed++, dtype, 64));
            h = g.add(h, g.upsampleNearest(direct, 12, 11));
        }
        return h;
    }

    /** Of several panels, of odd lines, and again of what that gives. */
    private static Value tokens(Graph g, Value... inputs) {
        Value x = inputs[0];
        for (int merged : new int[] {200, 90}) {
            Value places = g.matchTokens(x, 19, 18, merged);
            Value left = g.mergeTokens(x, places, 19 * 18 - merged);
            x = g.add(x, g.unmergeTokens(g.attention(left, left, left, 2, false), places));
        }
        return x;
    }

    private static Value weight(Graph g, long seed, int... dims) {
        return weight(g, seed, DType.F32, dims);
    }

    private static Value weight(Graph g, long seed, DType dtype, int... dims) {
        Tensor weight = RandomTensors.random(seed, dims);
        return g.constant("weight" + seed, dtype == DType.F32 ? weight : RandomTensors.stored(weight, dtype));
    }
}
