package dev.aquarelle.bench;

import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Backends;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** What kernels can run on: the engine's backends, and peers where the build has them (profile {@code peers}). */
final class Runners {
    static final String REFERENCE = "reference";

    /** What plain loops do in a second or two. */
    private static final long REFERENCE_FLOPS = 1_000_000_000L;

    private Runners() {}

    static List<String> names() {
        List<String> names = new ArrayList<>(
                Backends.installed().stream().map(Backend.Provider::name).toList());
        ServiceLoader.load(KernelRunner.Peer.class).forEach(peer -> names.add(peer.name()));
        return names;
    }

    /** Whether it is worth trying: the reference is not, on large problems. */
    static boolean suits(String name, Kernel kernel) {
        return !name.equals(REFERENCE) || kernel.flops() <= REFERENCE_FLOPS;
    }

    /** Null if there is no such operation. */
    static @Nullable KernelRunner open(String name, Kernel kernel, List<Tensor> operands, int threads) {
        for (KernelRunner.Peer peer : ServiceLoader.load(KernelRunner.Peer.class)) {
            if (peer.name().equals(name)) {
                return peer.prepare(kernel, operands, threads);
            }
        }
        return new EngineRunner(name, kernel, operands, threads);
    }

    /**
     * The largest difference from sums in float64, of what plain loops can compute of the problem, relative to the largest value; NaN
     * if there is no such operation.
     */
    static double error(String name, Kernel kernel, int threads) {
        Kernel.Part part = kernel.part();
        float[] expected;
        try (KernelRunner reference = new EngineRunner(REFERENCE, part.kernel(), Operands.of(part.kernel()), 1)) {
            expected = reference.result();
        }
        try (KernelRunner runner = open(name, kernel, Operands.of(kernel), threads)) {
            return runner == null ? Double.NaN : difference(runner.result(), expected, part.exact());
        }
    }

    private static double difference(float[] actual, float[] expected, long count) {
        double largest = 0;
        double scale = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, Math.abs((double) actual[i] - expected[i]));
            scale = Math.max(scale, Math.abs(expected[i]));
        }
        return largest / scale;
    }
}
