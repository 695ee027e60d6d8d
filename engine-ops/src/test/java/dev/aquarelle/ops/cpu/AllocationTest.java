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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs make no garbage once the kernels are compiled. */
class AllocationTest {
    private static final int WARM_UP = 4000;
    private static final int RUNS = 500;

    /** What the management bean itself leaves behind, spread over the runs. */
    private static final long TOLERATED_BYTES_A_RUN = 64;

    /** In a JVM of its own: where other kernels have run too, C2 inlines less. */
    @ParameterizedTest(name = "vectors of {0} bits")
    @ValueSource(ints = {0, 256})
    void aRunAllocatesNothing(int bits) throws IOException, InterruptedException {
        List<String> lines = OtherJvm.run(
                AllocationTest.class, "--add-modules=jdk.incubator.vector", "-D" + Kernels.VECTOR_BITS + "=" + bits);

        assertThat(Long.parseLong(lines.getLast())).isLessThan(TOLERATED_BYTES_A_RUN);
    }

    /** Prints the bytes that a run allocates. */
    public static void main(String[] arguments) {
        Kernels kernels = Kernels.load();
        try (CpuBackend backend = new CpuBackend(new BackendOptions(2), kernels);
                Program program = backend.compile(BitsProbe.block())) {
            Tensor[] inputs = BitsProbe.blockInputs();
            repeat(program, inputs, kernels.vectorBits() == 0 ? WARM_UP / 10 : WARM_UP);
            long before = allocated();
            repeat(program, inputs, RUNS);
            System.out.println((allocated() - before) / RUNS);
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
