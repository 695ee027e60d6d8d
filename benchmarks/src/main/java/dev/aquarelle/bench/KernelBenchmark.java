package dev.aquarelle.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One kernel on one backend. {@link KernelBenchmarks} chooses which; JMH's own command needs {@code -p kernel=NAME}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class KernelBenchmark {
    /** One of {@link Kernels#all}. */
    @Param({"linear:2x320*1280x320"})
    public String kernel = "";

    /** One of {@link Runners#names}. */
    @Param({"cpu"})
    public String backend = "";

    /** 0 for as many as there are processors. */
    @Param({"0"})
    public int threads;

    @SuppressWarnings("NullAway.Init") // open sets it
    private KernelRunner runner;

    /** Makes the kernel ready. */
    @Setup(Level.Trial)
    public void open() {
        Kernel named = Kernels.named(kernel);
        KernelRunner opened = Runners.open(backend, named, Operands.of(named), threads);
        if (opened == null) {
            throw new IllegalArgumentException("%s has no %s".formatted(backend, named.kind()));
        }
        runner = opened;
    }

    /** The kernel. */
    @Benchmark
    @OperationsPerInvocation(KernelRunner.REPEATS)
    public void run() {
        runner.run();
    }

    /** Frees it. */
    @TearDown(Level.Trial)
    public void close() {
        runner.close();
    }
}
