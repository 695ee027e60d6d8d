package dev.aquarelle.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.aquarelle.core.tensor.Tensor;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Program;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Runs make no garbage once the kernels are compiled. */
class AllocationTest {
    private static final int WARM_UP = 4000;
    private static final int RUNS = 500;

    /** What the management bean itself leaves behind, spread over the runs. */
    private static final long TOLERATED_BYTES_A_RUN = 64;

    @Test
    void aRunAllocatesNothing() {
        try (CpuBackend backend = new CpuBackend(new BackendOptions(2));
                Program program = backend.compile(BitsProbe.block())) {
            Tensor[] inputs = BitsProbe.blockInputs();
            repeat(program, inputs, WARM_UP);
            long before = allocated();
            repeat(program, inputs, RUNS);
            assertThat((allocated() - before) / RUNS).isLessThan(TOLERATED_BYTES_A_RUN);
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
