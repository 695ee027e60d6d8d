package dev.aquarelle.ops.cpu;

import dev.aquarelle.ops.BackendException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.LongSupplier;

/**
 * The inner loops of the CPU backend: on the Vector API where it is present and compiled to vector instructions, in plain Java where
 * not. Both give the same bits, but a NaN may be another NaN.
 *
 * @param vectorBits the width of a vector, 0 for plain Java
 * @param map element-wise loops
 * @param norm loops of the normalizations
 * @param row loops of softmax
 * @param attention what attention does between its products
 * @param winograd transforms of convolutions
 */
record Kernels(
        int vectorBits,
        GemmKernel gemm,
        MapKernels map,
        NormKernels norm,
        RowKernels row,
        AttentionKernels attention,
        WinogradKernels winograd) {
    /** The system property that forces a width of vectors: 512, 256, 128, or 0 for plain Java. */
    static final String VECTOR_BITS = "aquarelle.vectorBits";

    private static final Logger LOG = System.getLogger(Kernels.class.getName());
    private static final String MODULE = "jdk.incubator.vector";

    private static final int FMA_ROUNDS = 10;
    private static final int FMA_CALLS = 200;

    /** An interpreted call of the instruction takes a tenth of it. */
    private static final long FMA_NANOS = 300;

    /**
     * What suits this machine and JVM, or what {@value #VECTOR_BITS} says; logs a warning where that is slow.
     *
     * @throws BackendException if the property is no width that there is
     */
    static Kernels load() {
        int wanted = wantedBits();
        if (!fusesMultiplyAndAdd(System::nanoTime)) {
            LOG.log(
                    Level.WARNING,
                    "this machine or JVM has no fused multiply-add instruction, computing thousands of times slower"
                            + " without it");
        }
        if (wanted == 0) {
            return scalar();
        }
        if (!isPresent()) {
            LOG.log(
                    Level.WARNING,
                    "the Vector API is absent, computing several times slower without it: start java with"
                            + " --add-modules "
                            + MODULE);
            return scalar();
        }
        if (wanted < 0 && !compilesVectors()) {
            LOG.log(
                    Level.WARNING,
                    "this JVM ({0}) compiles no vector instructions, computing several times slower without them",
                    System.getProperty("java.vm.info"));
            return scalar();
        }
        if (wanted > Hardware.vectorBits()) {
            LOG.log(
                    Level.WARNING,
                    "{0}={1,number,#}, but this JVM compiles vectors of {2,number,#} bits at most: expect a hundredth"
                            + " of the speed",
                    VECTOR_BITS,
                    wanted,
                    Hardware.vectorBits());
        }
        return vector();
    }

    /** What the property says, -1 if it says nothing. */
    private static int wantedBits() {
        String text = System.getProperty(VECTOR_BITS);
        return switch (text) {
            case null -> -1;
            case "512", "256", "128", "0" -> Integer.parseInt(text);
            default ->
                throw new BackendException(
                        "cpu: -D%s: expected 512, 256, 128 or 0, found %s".formatted(VECTOR_BITS, text));
        };
    }

    /** Columns of {@link VectorGemm}'s tiles: four vectors of 512 or 128 bits, two of 256. The plain loops take any number. */
    static int panelColumns() {
        return isPresent() && Simd.F32.length() < 16 ? 16 : 64;
    }

    private static boolean isPresent() {
        return ModuleLayer.boot()
                .findModule(MODULE)
                .filter(Kernels.class.getModule()::canRead)
                .isPresent();
    }

    /** The width of the kernels' vectors: what the property says, else the machine's, 128 bits at least. */
    static int vectorBitsToUse() {
        int wanted = wantedBits();
        return wanted > 0 ? wanted : Math.max(128, Hardware.vectorBits());
    }

    /**
     * Whether {@link Math#fma} is an instruction: without, each is a sum of {@link java.math.BigDecimal}s, in vectors too. Asked of a
     * clock, since the JVM's flag is told by a module that nothing else needs; the best of some rounds, for what else the machine does.
     *
     * @param clock in nanoseconds
     */
    static boolean fusesMultiplyAndAdd(LongSupplier clock) {
        long best = Long.MAX_VALUE;
        float sum = 1;
        for (int round = 0; round < FMA_ROUNDS && best > FMA_CALLS * FMA_NANOS; round++) {
            long start = clock.getAsLong();
            for (int i = 0; i < FMA_CALLS; i++) {
                sum = Math.fma(sum, 0.9f, 0.1234567f);
            }
            best = Math.min(best, clock.getAsLong() - start);
        }
        return best <= FMA_CALLS * FMA_NANOS || Float.isNaN(sum);
    }

    /** Vector instructions come from C2 alone, and on machines that have any: without, each vector would be an object. */
    private static boolean compilesVectors() {
        String info = System.getProperty("java.vm.info", "");
        boolean withoutC2 = info.contains("interpreted mode") || info.contains("emulated-client");
        return !withoutC2 && Hardware.vectorBits() >= 128;
    }

    /** In plain Java. */
    static Kernels scalar() {
        return new Kernels(
                0,
                new ScalarGemm(),
                new ScalarMapKernels(),
                new ScalarNormKernels(),
                new ScalarRowKernels(),
                new ScalarAttention(),
                new ScalarWinograd());
    }

    /** On the Vector API, which must be present. */
    static Kernels vector() {
        return new Kernels(
                Simd.F32.vectorBitSize(),
                Simd.F32.vectorBitSize() == 256 ? new VectorGemm256() : new VectorGemm(),
                new VectorMapKernels(),
                new VectorNormKernels(),
                new VectorRowKernels(),
                new VectorAttention(),
                new VectorWinograd());
    }
}
