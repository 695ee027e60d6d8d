package dev.aquarelle.ops.testing;

import static dev.aquarelle.ops.testing.RandomTensors.normal;
import static dev.aquarelle.ops.testing.RandomTensors.random;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.graph.Activation;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Makes graphs of twenty to forty operations in random order, as a model would never have them: values used many times or not at
 * all, long and short lives, outputs in the middle. Results keep about unit size, so that differences stay comparable.
 */
public final class RandomGraphs {
    private static final List<Activation> ACTIVATIONS = List.of(Activation.values());
    private static final int[] WIDTHS = {1, 3, 4, 5, 8, 16, 17, 33, 40};

    private final Random random;
    private final Graph g;
    private final List<Value> pool = new ArrayList<>();
    private int constants;

    private RandomGraphs(long seed, Graph g) {
        this.random = new Random(seed);
        this.g = g;
    }

    /** The graph of a seed. */
    public static Graph graph(long seed) {
        return Graph.build(g -> new RandomGraphs(seed, g).build());
    }

    /** Tensors for all inputs of a graph; indices are small enough for every table here. */
    public static Tensor[] inputs(Graph graph, long seed) {
        Tensor[] tensors = new Tensor[graph.inputs().size()];
        for (int i = 0; i < tensors.length; i++) {
            tensors[i] = input(graph.inputs().get(i), seed + 1000L * i);
        }
        return tensors;
    }

    static Tensor input(Value input, long seed) {
        int[] dims = input.shape().dims();
        return input.dtype() == DType.I32 ? RandomTensors.randomIndices(seed, 3, dims) : random(seed, dims);
    }

    private void build() {
        int n = 1 + random.nextInt(2);
        pool.add(g.input("latents", n, size(), size(), width()));
        pool.add(g.input("hiddenStates", n, size(), width()));
        Value timesteps = g.input("timesteps", n);
        pool.add(g.timestepEmbedding(timesteps, 8, true, 0));
        Value ids = g.input("ids", DType.I32, n, size());
        pool.add(g.embedding(ids, weight(11, width())));
        int ops = 20 + random.nextInt(21);
        for (int i = 0; i < ops; i++) {
            Value value = next(any());
            if (value.shape().size() <= 20_000) {
                pool.add(value);
            }
        }
        g.output("last", pool.getLast());
        for (int i = 0; i < 1 + random.nextInt(3); i++) {
            g.output("out" + i, any());
        }
    }

    private Value next(Value x) {
        return switch (x.shape().rank()) {
            case 4 -> image(x);
            case 3 -> tokens(x);
            case 2 -> vectors(x);
            default -> pointwise(x);
        };
    }

    private Value image(Value x) {
        int n = x.shape().dim(0);
        int h = x.shape().dim(1);
        int w = x.shape().dim(2);
        int c = x.shape().last();
        return switch (random.nextInt(11)) {
            case 0, 1 -> convolution(x, c, 1 + random.nextInt(2));
            case 2 -> g.groupNorm(x, weight(c), weight(c), groups(c), 1e-5f);
            case 3 -> g.silu(g.groupNorm(x, weight(c), weight(c), groups(c), 1e-5f));
            case 4 -> g.reshape(x, n, h * w, c);
            case 5 -> g.upsampleNearest(x, h + random.nextInt(4), 1 + random.nextInt(8));
            case 6 -> h > 1 && w > 1 ? g.averagePool2(x) : pointwise(x);
            case 7 -> g.concat(3, x, convolution(x, c, 1), x);
            case 8 -> g.concat(1, x, g.slice(x, 1, 0, 1));
            case 9 ->
                g.addPerChannel(x, g.linear(g.timestepEmbedding(g.inputs().get(2), 8, true, 0), weight(c, 8), null));
            default -> pointwise(x);
        };
    }

    private Value convolution(Value x, int c, int stride) {
        int kernel = random.nextBoolean() ? 3 : 1;
        int o = random.nextBoolean() ? c : width();
        return g.conv2d(x, weight(o, c, kernel, kernel), weightOrNull(o), stride, Padding.all(kernel / 2), 1, 1);
    }

    private Value tokens(Value x) {
        int n = x.shape().dim(0);
        int length = x.shape().dim(1);
        int c = x.shape().last();
        return switch (random.nextInt(11)) {
            case 0, 1 -> linear(x, random.nextBoolean() ? c : width());
            case 2 -> g.layerNorm(x, weight(c), weight(c), 1e-5f);
            case 3 -> g.geGlu(linear(x, 2 * c));
            case 4 -> {
                Value q = linear(x, c);
                yield g.attention(q, linear(x, c), random.nextBoolean() ? q : x, heads(c), random.nextBoolean());
            }
            case 5 -> {
                Value context = g.linear(
                        g.inputs().get(1), weight(c, g.inputs().get(1).shape().last()), null);
                yield g.attention(x, context, context, heads(c), false);
            }
            case 6 -> g.reshape(x, n, length, 1, c);
            case 7 -> g.add(x, linear(g.layerNorm(x, 1e-5f), c));
            case 8 -> g.concat(2, x, linear(x, width()));
            case 9 -> g.slice(x, 1, length / 2, length);
            default -> pointwise(x);
        };
    }

    private Value vectors(Value x) {
        return switch (random.nextInt(4)) {
            case 0 -> linear(x, width());
            case 1 -> g.reshape(x, x.shape().dim(0), 1, x.shape().last());
            case 2 -> g.slice(x, 1, 0, (x.shape().last() + 1) / 2);
            default -> pointwise(x);
        };
    }

    private Value pointwise(Value x) {
        return switch (random.nextInt(7)) {
            case 0 -> g.activate(x, ACTIVATIONS.get(random.nextInt(ACTIVATIONS.size())));
            case 1 -> g.scale(x, 0.8f, 0.1f);
            case 2 -> g.add(x, g.silu(x));
            case 3 -> g.multiply(x, g.activate(x, Activation.SIGMOID));
            case 4 -> g.add(x, weight(x.shape().last()));
            case 5 -> g.softmax(x);
            default -> sameShape(x);
        };
    }

    /** The mean of two values of one shape, made at quite different times. */
    private Value sameShape(Value x) {
        Value other = pool.stream()
                .filter(v -> v.shape().equals(x.shape()))
                .findFirst()
                .orElse(x);
        return g.scale(g.add(x, other), 0.5f, 0);
    }

    private Value linear(Value x, int n) {
        return g.linear(x, weight(n, x.shape().last()), weightOrNull(n));
    }

    private Value weight(int... dims) {
        int fanIn = 1;
        for (int i = 1; i < dims.length; i++) {
            fanIn *= dims[i];
        }
        Tensor tensor = normal(random.nextLong(), 0, 1 / Math.sqrt(fanIn), dims);
        return g.constant(
                "weight" + constants++, random.nextInt(3) == 0 ? RandomTensors.stored(tensor, DType.F16) : tensor);
    }

    private @Nullable Value weightOrNull(int n) {
        return random.nextInt(3) == 0 ? null : weight(n);
    }

    private Value any() {
        int recent = Math.max(0, pool.size() - 4);
        return pool.get(
                random.nextBoolean() ? recent + random.nextInt(pool.size() - recent) : random.nextInt(pool.size()));
    }

    private int size() {
        return 3 + random.nextInt(6);
    }

    private int width() {
        return WIDTHS[random.nextInt(WIDTHS.length)];
    }

    private static int groups(int c) {
        return c % 4 == 0 ? 4 : 1;
    }

    private int heads(int c) {
        return c % 2 == 0 && random.nextBoolean() ? 2 : 1;
    }
}
