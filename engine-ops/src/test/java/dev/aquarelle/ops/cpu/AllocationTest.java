package dev.aquarelle.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Program;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs make no garbage once the kernels are compiled. */
class AllocationTest {
    private static final int WARM_UP = 4000;
    private static final int RUNS = 500;

    /** On a busy machine the compiler is late, and the first rounds still make garbage. */
    private static final int ROUNDS = 10;

    /** What the management bean itself leaves behind, spread over the runs. */
    private static final long TOLERATED_BYTES_A_RUN = 64;

    /** In a JVM of its own: where other kernels have run too, C2 inlines less. */
    @ParameterizedTest(name = "vectors of {0} bits")
    @ValueSource(ints = {0, 256})
    void aRunAllocatesNothing(int bits) throws IOException, InterruptedException {
        assertThat(bytesOf(AllocationTest.class, bits)).isLessThan(TOLERATED_BYTES_A_RUN);
    }

    @Test
    void aRunByTransformedTilesAllocatesNothing() throws IOException, InterruptedException {
        assertThat(bytesOf(ByTiles.class, 256)).isLessThan(TOLERATED_BYTES_A_RUN);
    }

    @Test
    void aRunAmongMergedTokensAllocatesNothing() throws IOException, InterruptedException {
        assertThat(bytesOf(AmongTokens.class, 256)).isLessThan(TOLERATED_BYTES_A_RUN);
    }

    private static long bytesOf(Class<?> main, int bits) throws IOException, InterruptedException {
        List<String> lines =
                OtherJvm.run(main, "--add-modules=jdk.incubator.vector", "-D" + Kernels.VECTOR_BITS + "=" + bits);
        return Long.parseLong(lines.getLast());
    }

    /** Prints the bytes that a run of the block allocates. */
    public static void main(String[] arguments) {
        Kernels kernels = Kernels.load();
        printBytes(kernels, ProbeGraph.BLOCK, kernels.vectorBits() == 0 ? WARM_UP / 10 : WARM_UP);
    }

    /** The same for convolutions by tiles. */
    static final class ByTiles {
        private ByTiles() {}

        public static void main(String[] arguments) {
            printBytes(Kernels.load(), ProbeGraph.TILES, WARM_UP / 4); // its runs are longer, so compiled sooner
        }
    }

    /** The same for token merging. */
    static final class AmongTokens {
        private AmongTokens() {}

        public static void main(String[] arguments) {
            printBytes(Kernels.load(), ProbeGraph.TOKENS, WARM_UP / 4);
        }
    }

    private static void printBytes(Kernels kernels, ProbeGraph probe, int warmUp) {
        try (CpuBackend backend = new CpuBackend(new BackendOptions(2), kernels);
                Program program = backend.compile(probe.graph(2))) {
            Tensor[] inputs = probe.inputs(2);
            repeat(program, inputs, warmUp);
            long bytes = TOLERATED_BYTES_A_RUN;
            for (int round = 0; round < ROUNDS && bytes >= TOLERATED_BYTES_A_RUN; round++) {
                long before = allocated();
                repeat(program, inputs, RUNS);
                bytes = (allocated() - before) / RUNS;
            }
            System.out.println(bytes);
        }
    }

    /** Each run with another input, so that none is skipped. */
    private static void repeat(Program program, Tensor[] inputs, int times) {
        for (int i = 0; i < times; i++) {
            inputs[0].data().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, i);
            program.run(inputs);
        }
    }

    /** Bytes that this thread and the workers have allocated so far. */
    private static long allocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                .filter(t -> t != null
                        && (t.getThreadName().startsWith("aquarelle-cpu")
                                || t.getThreadId() == Thread.currentThread().threadId()))
                .mapToLong(t -> threads.getThreadAllocatedBytes(t.getThreadId()))
                .sum();
    }
}
