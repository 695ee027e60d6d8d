package dev.aquarelle.bench;

import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What the processors can do at most, in this JVM: the roof over the kernels (Williams et al., "Roofline", 2009). */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector"})
public class MachineBenchmark {
    private static final VectorSpecies<Float> F32 = FloatVector.SPECIES_PREFERRED;
    private static final int ROUNDS = 10_000;
    private static final int CHAINS = 10; // latency 4 or 5 times two units; all stay in registers

    /** Far more than caches hold, for each thread. */
    private static final int FLOATS = 1 << 24;

    private final float[] a = new float[FLOATS];
    private final float[] b = new float[FLOATS];
    private final float[] c = new float[FLOATS];

    /** Billions of floating-point operations in a call of {@link #multiplyAdds}. */
    static double gigaflop() {
        return 2e-9 * CHAINS * ROUNDS * F32.length();
    }

    /** Billions of bytes in a call of {@link #triad}: two arrays read, one written. */
    static double gigabytes() {
        return 3e-9 * Float.BYTES * FLOATS;
    }

    /** Independent chains of fused multiply-adds, which begin differently, so that they are not one. */
    @Benchmark
    public float multiplyAdds() {
        FloatVector x = FloatVector.broadcast(F32, 0.999f);
        FloatVector y = FloatVector.broadcast(F32, 0.001f);
        FloatVector s0 = y.mul(1);
        FloatVector s1 = y.mul(2);
        FloatVector s2 = y.mul(3);
        FloatVector s3 = y.mul(4);
        FloatVector s4 = y.mul(5);
        FloatVector s5 = y.mul(6);
        FloatVector s6 = y.mul(7);
        FloatVector s7 = y.mul(8);
        FloatVector s8 = y.mul(9);
        FloatVector s9 = y.mul(10);
        for (int i = 0; i < ROUNDS; i++) {
            s0 = s0.fma(x, y);
            s1 = s1.fma(x, y);
            s2 = s2.fma(x, y);
            s3 = s3.fma(x, y);
            s4 = s4.fma(x, y);
            s5 = s5.fma(x, y);
            s6 = s6.fma(x, y);
            s7 = s7.fma(x, y);
            s8 = s8.fma(x, y);
            s9 = s9.fma(x, y);
        }
        FloatVector sum = s0.add(s1)
                .add(s2)
                .add(s3)
                .add(s4)
                .add(s5)
                .add(s6)
                .add(s7)
                .add(s8)
                .add(s9);
        return sum.lane(0);
    }

    /** {@code a = b + s c} over large arrays, as in STREAM. */
    @Benchmark
    public float[] triad() {
        for (int i = 0; i < FLOATS; i++) {
            a[i] = b[i] + 3 * c[i];
        }
        return a;
    }
}
