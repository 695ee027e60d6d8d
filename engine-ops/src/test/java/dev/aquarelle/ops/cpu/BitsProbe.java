package dev.aquarelle.ops.cpu;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Program;
import dev.aquarelle.ops.graph.Graph;
import dev.aquarelle.ops.testing.RandomGraphs;
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
            for (ProbeGraph probe : ProbeGraph.all()) {
                add(crc, backend, probe.graph(2), probe.inputs(2));
            }
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
}
