package dev.aquarelle.gpu;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendException;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Value;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;

/**
 * Some operations whose results are known, before a device is trusted: products with weights of every type, sums over work items that
 * wait for each other, attention. Drivers and compilers have been seen to give wrong sums, and garbage where they lack half floats.
 */
final class SelfTest {
    private static final int ROWS = 7;
    private static final int WIDTH = 72;

    /** Sums of 72 terms of size 1 in another order and in F32; errors seen are some 1e-6. */
    private static final double TOLERANCE = 1e-4;

    private SelfTest() {}

    /**
     * Computes them on the backend and on the reference.
     *
     * @throws BackendException if a result differs or an operation does not run
     */
    static void run(Backend backend) {
        Graph graph = graph();
        Random random = new Random(1);
        Tensor x = Tensor.of(numbers(ROWS * WIDTH, random), ROWS, WIDTH);
        Backend.Provider reference = Backends.installed().stream()
                .filter(provider -> provider.name().equals("reference"))
                .findFirst()
                .orElseThrow();
        try (Backend oracle = reference.open(BackendOptions.DEFAULT);
                Program expected = oracle.compile(graph);
                Program found = backend.compile(graph)) {
            expected.run(x);
            found.run(x);
            for (String name : graph.outputs().keySet()) {
                compare(
                        name,
                        expected.output(name).toFloatArray(),
                        found.output(name).toFloatArray(),
                        backend);
            }
        }
    }

    private static Graph graph() {
        return Graph.build(graph -> {
            Random random = new Random(2);
            Value x = graph.input("x", ROWS, WIDTH);
            Value product = graph.linear(x, graph.constant("w", weight(DType.F32, random)), null);
            Value tokens = graph.reshape(product, 1, ROWS, WIDTH);
            graph.output("a product", product);
            for (DType type : List.of(DType.F16, DType.BF16)) {
                Value weight = graph.constant(type.name(), weight(type, random));
                graph.output("a product with weights in " + type, graph.linear(x, weight, null));
            }
            Value vector = graph.constant("bias", Tensor.of(numbers(WIDTH, random), WIDTH));
            Value sum = graph.add(graph.linear(x, graph.constant("w", weight(DType.F32, random)), vector), x);
            graph.output("a product with what is added", sum);
            Value columns = graph.constant("m", Tensor.of(numbers(WIDTH, random), 3, WIDTH / 3, 1));
            graph.output("products of matrices", graph.matMul(graph.reshape(product, 3, ROWS, WIDTH / 3), columns));
            graph.output("a softmax", graph.softmax(product));
            graph.output("a norm", graph.layerNorm(product, 1e-5f));
            graph.output("attention", graph.attention(tokens, tokens, tokens, 3, false));
        });
    }

    private static void compare(String name, float[] expected, float[] found, Backend backend) {
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(found[i] - expected[i]) <= TOLERANCE)) {
                throw new BackendException("%s computes wrongly: %s, number %d: expected %s, found %s"
                        .formatted(backend.description(), name, i, expected[i], found[i]));
            }
        }
    }

    private static float[] numbers(int count, Random random) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = random.nextFloat(-1, 1);
        }
        return numbers;
    }

    private static Tensor weight(DType type, Random random) {
        Tensor weight = Tensor.allocate(Arena.ofAuto(), type, WIDTH, WIDTH);
        for (int i = 0; i < WIDTH * WIDTH; i++) {
            float number = random.nextFloat(-0.2f, 0.2f);
            switch (type) {
                case F16 -> weight.data().setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(number));
                case BF16 ->
                    weight.data().setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToIntBits(number) >> 16));
                default -> weight.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, number);
            }
        }
        return weight;
    }
}
