package dev.aquarelle.gpu.emulator;

import static dev.aquarelle.ops.testing.RandomTensors.random;
import static dev.aquarelle.ops.testing.RandomTensors.randomIndices;
import static dev.aquarelle.ops.testing.RandomTensors.stored;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Shape;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Small graphs that go through every line of a class of kernels, with sizes that are no multiple of anything. */
final class ProbeGraphs {
    private ProbeGraphs() {}

    static List<Graph> of(String type) {
        return switch (type) {
            case "Products" -> products();
            case "Attention" -> attention();
            case "Norms" -> norms();
            case "Maps" -> maps();
            case "Moves" -> moves();
            case "Operands" -> operands();
            default -> throw new IllegalArgumentException(type);
        };
    }

    /** A graph of one input, which has random numbers. */
    private static Graph graph(int[] dims, Function<Graph, Function<Value, Value>> body) {
        return Graph.of(graph -> body.apply(graph).apply(graph.input("x", dims)));
    }

    private static Value constant(Graph graph, int... dims) {
        return graph.constant("c" + graph.values().size(), random(graph.values().size(), dims));
    }

    private static List<Graph> products() {
        return List.of(
                graph(new int[] {37, 41}, g -> x -> g.linear(x, constant(g, 39, 41), constant(g, 39))),
                graph(new int[] {3, 5, 7}, g -> x -> g.add(g.matMul(x, constant(g, 3, 7, 6)), constant(g, 3, 5, 6))),
                graph(
                        new int[] {2, 7, 5, 6},
                        g -> x -> g.conv2d(
                                x, constant(g, 10, 3, 3, 2), constant(g, 10), 2, new Padding(2, 0, 1, 3), 2, 2)),
                graph(
                        new int[] {1, 6, 7, 5},
                        g -> x -> g.conv2d(x, constant(g, 33, 5, 3, 3), constant(g, 33), 1, Padding.all(1), 1, 1)));
    }

    private static List<Graph> attention() {
        return List.of(
                graph(
                        new int[] {2, 9, 12},
                        g -> x -> g.attention(x, constant(g, 2, 70, 12), constant(g, 2, 70, 20), 2, false)),
                graph(new int[] {1, 133, 6}, g -> x -> g.attention(x, x, x, 1, true)),
                // as wide as can be: what is beyond local memory is outside of the array
                graph(
                        new int[] {1, 5, 512},
                        g -> x -> g.attention(x, constant(g, 1, 67, 512), constant(g, 1, 67, 512), 1, false)),
                // many samples of one head: what is written beyond one is in the next
                graph(new int[] {9, 5, 7}, g -> x -> g.attention(x, x, x, 1, false)));
    }

    private static List<Graph> norms() {
        return List.of(
                graph(new int[] {2, 5, 7, 12}, g -> x -> g.groupNorm(x, constant(g, 12), constant(g, 12), 3, 1e-5f)),
                // in two chunks of 4191 and 4190 numbers: what the second begins with is not of the first, and what is
                // written beyond the second is beyond all memory
                graph(
                        new int[] {1, 17, 29, 34},
                        g -> x -> g.groupNorm(
                                g.add(x, g.constant("peak", peak(4191 / 17 * 34 + 4191 % 17, 17, 29, 34))),
                                constant(g, 34),
                                constant(g, 34),
                                2,
                                1e-5f)),
                graph(new int[] {3, 131}, g -> x -> g.layerNorm(x, constant(g, 131), constant(g, 131), 1e-5f)),
                graph(new int[] {3, 5}, g -> x -> g.layerNorm(x, 1e-5f)),
                graph(new int[] {5, 131}, g -> x -> g.softmax(x)),
                graph(new int[] {19, 131}, g -> x -> g.softmax(g.add(x, g.constant("peaks", peaks(19, 131))))));
    }

    /**
     * One number of each row is far above the others, and above that of the row before: any other maximum is too small or too large. In
     * every other row it is the first, which is read beyond the row before.
     */
    private static Tensor peaks(int rows, int columns) {
        float[] numbers = new float[rows * columns];
        for (int row = 0; row < rows; row++) {
            int column = row % 2 == 0 ? 0 : 37 * row % columns;
            numbers[row * columns + column] = 1000 * (row + 1);
        }
        return Tensor.of(numbers, rows, columns);
    }

    /** One number is far above the others, which are 3. */
    private static Tensor peak(int at, int... dims) {
        float[] numbers = new float[(int) Shape.of(dims).size()];
        Arrays.fill(numbers, 3);
        numbers[at] = 1000;
        return Tensor.of(numbers, dims);
    }

    private static List<Graph> maps() {
        List<Graph> graphs = new ArrayList<>();
        for (Activation activation : Activation.values()) {
            graphs.add(graph(new int[] {3, 47}, g -> x -> g.activate(x, activation)));
        }
        graphs.add(graph(new int[] {3, 46}, g -> g::geGlu));
        graphs.add(graph(new int[] {3, 47}, g -> x -> g.scale(x, 1.5f, 0.25f)));
        graphs.add(graph(new int[] {3, 47}, g -> x -> g.add(x, constant(g, 3, 47))));
        graphs.add(graph(new int[] {3, 47}, g -> x -> g.add(x, constant(g, 47))));
        graphs.add(graph(new int[] {3, 47}, g -> x -> g.multiply(x, constant(g, 47))));
        graphs.add(graph(new int[] {2, 3, 5, 7}, g -> x -> g.addPerChannel(x, constant(g, 2, 7))));
        return graphs;
    }

    private static List<Graph> moves() {
        return List.of(
                graph(new int[] {2, 5, 7, 3}, g -> x -> g.upsampleNearest(x, 10, 14)),
                graph(new int[] {2, 5, 7, 3}, g -> x -> g.upsampleNearest(x, 9, 11)),
                // what is written beyond the result is beyond all values: it lies behind the input, and ends with a
                // cache line
                graph(new int[] {1, 8, 8, 6}, g -> x -> g.upsampleNearest(x, 4, 4)),
                graph(new int[] {2, 6, 8, 4}, g -> g::averagePool2),
                graph(new int[] {3, 5, 7}, g -> x -> g.concat(1, x, constant(g, 3, 4, 7), x)),
                graph(new int[] {3, 5, 7}, g -> x -> g.slice(x, 1, 2, 4)),
                graph(new int[] {3, 5, 7}, g -> x -> g.selectRows(x, g.constant("rows", randomIndices(1, 5, 3)))),
                graph(
                        new int[] {4, 7},
                        g -> x -> g.add(x, g.embedding(g.constant("ids", randomIndices(2, 9, 4)), constant(g, 9, 7)))));
    }

    private static List<Graph> operands() {
        List<Graph> graphs = new ArrayList<>();
        for (DType type : List.of(DType.F32, DType.F16, DType.BF16)) {
            // among them are subnormal numbers, infinities come from large ones
            Tensor weight = stored(Tensor.of(new float[] {1, -2, 0, -0f, 6e-8f, 3e-5f, 65504, 1e6f, 0.1f}, 9), type);
            graphs.add(graph(new int[] {5, 9}, g -> x -> g.add(x, g.constant("w", weight))));
            graphs.add(graph(
                    new int[] {5, 9}, g -> x -> g.linear(x, g.constant("w", stored(random(3, 7, 9), type)), null)));
        }
        return graphs;
    }
}
