package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.graph.Padding;
import dev.aquarelle.ops.graph.Value;
import dev.aquarelle.ops.testing.RandomGraphs;
import dev.aquarelle.ops.testing.RandomTensors;
import java.util.zip.CRC32;

/** Computes a checksum over the results of many graphs: equal in every JVM, whatever its vectors and threads. */
final class BitsProbe {
    private BitsProbe() {}

    /** Prints the checksum, for the JVM that started this one. */
    public static void main(String[] args) {
        Kernels kernels = Kernels.load();
        System.out.printf("%d %08x%n", kernels.vectorBits(), checksum(kernels, 2));
    }

    static long checksum(Kernels kernels, int threads) {
        CRC32 crc = new CRC32();
        try (CpuBackend backend = new CpuBackend(new BackendOptions(threads), kernels)) {
            for (long seed = 100; seed < 120; seed++) {
                Graph graph = RandomGraphs.graph(seed);
                add(crc, backend, graph, RandomGraphs.inputs(graph, seed));
            }
            add(crc, backend, block(), blockInputs());
            add(crc, backend, tiles(), RandomTensors.random(1, 2, 13, 12, 272));
        }
        return crc.getValue();
    }

    private static void add(CRC32 crc, CpuBackend backend, Graph graph, Tensor... inputs) {
        try (Program program = backend.compile(graph)) {
            program.run(inputs);
            for (String name : graph.outputs().keySet()) {
                Tensor output = program.output(name);
                if (output.dtype() == DType.F32) {
                    crc.update(output.data().asByteBuffer());
                }
            }
        }
    }

    /** Convolution, norm, self and cross attention and a gated layer, at sizes that leave parts of blocks, tiles and vectors over. */
    static Graph block() {
        return Graph.of(g -> {
            Value x = g.input("x", 2, 9, 7, 100);
            Value text = g.input("text", 2, 77, 24);
            Value h = g.silu(g.groupNorm(x, weight(g, 3, 100), weight(g, 4, 100), 20, 1e-5f));
            h = g.conv2d(h, weight(g, 5, 88, 100, 3, 3), weight(g, 6, 88), 1, Padding.all(1), 1, 1);
            Value tokens = g.reshape(h, 2, 63, 88);
            Value norm = g.layerNorm(tokens, weight(g, 7, 88), weight(g, 8, 88), 1e-5f);
            Value self = g.attention(
                    g.linear(norm, weight(g, 9, 88, 88), null),
                    g.linear(norm, weight(g, 10, 88, 88), null),
                    norm,
                    4,
                    true);
            tokens = g.add(tokens, self);
            Value cross = g.attention(
                    tokens,
                    g.linear(text, weight(g, 11, 88, 24), null),
                    g.linear(text, weight(g, 12, 88, 24), null),
                    2,
                    false);
            tokens = g.add(tokens, cross);
            return g.geGlu(g.linear(tokens, weight(g, 13, 352, 88), weight(g, 14, 352)));
        });
    }

    /** Convolutions by transformed tiles: weights first and tiles first, parts of tiles, panels and blocks of channels. */
    private static Graph tiles() {
        return Graph.of(g -> {
            Value x = g.input("x", 2, 13, 12, 272);
            Value few = g.conv2d(x, weight(g, 3, 80, 272, 3, 3), weight(g, 4, 80), 1, Padding.all(1), 1, 1);
            Value large = g.upsampleNearest(few, 26, 24);
            return g.conv2d(large, weight(g, 5, 64, 80, 3, 3), null, 1, Padding.all(1), 1, 1);
        });
    }

    static Tensor[] blockInputs() {
        return new Tensor[] {RandomTensors.random(1, 2, 9, 7, 100), RandomTensors.random(2, 2, 77, 24)};
    }

    private static Value weight(Graph g, long seed, int... dims) {
        return g.constant("weight" + seed, RandomTensors.random(seed, dims));
    }
}
