package dev.aquarelle.ops.cpu;

import dev.aquarelle.ops.BackendException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * The inner loops of the CPU backend: on the Vector API where it is present and compiled to vector instructions, in plain Java where
 * not. Both give the same bits.
 *
 * @param vectorBits the width of a vector, 0 for plain Java
 * @param map element-wise loops
 * @param norm loops of the normalizations
 * @param row loops of softmax and attention
 * @param winograd transforms of convolutions
 */
record Kernels(
        int vectorBits, GemmKernel gemm, MapKernels map, NormKernels norm, RowKernels row, WinogradKernels winograd) {
    /** The system property that forces a width of vectors: 512, 256, 128, or 0 for plain Java. */
    static final String VECTOR_BITS = "aquarelle.vectorBits";

    private static final Logger LOG = System.getLogger(Kernels.class.getName());
    private static final String MODULE = "jdk.incubator.vector";

    /** What suits this machine and JVM, or what {@value #VECTOR_BITS} says; logs a warning where that is slow. */
    static Kernels load() {
        int wanted = wantedBits();
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
        if (wanted > Simd.hardwareBits()) {
            LOG.log(
                    Level.WARNING,
                    "{0}={1,number,#}, but this JVM compiles vectors of {2,number,#} bits at most: expect a hundredth"
                            + " of the speed",
                    VECTOR_BITS,
                    wanted,
                    Simd.hardwareBits());
        }
        return vector();
    }

    /** What {@value #VECTOR_BITS} says, or -1. */
    private static int wantedBits() {
        String said = System.getProperty(VECTOR_BITS);
        return switch (said) {
            case null -> -1;
            case "512", "256", "128", "0" -> Integer.parseInt(said);
            default ->
                throw new BackendException("%s: expected 512, 256, 128 or 0, found %s".formatted(VECTOR_BITS, said));
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

    /** Vector instructions come from C2 alone, and on machines that have any: without, each vector would be an object. */
    private static boolean compilesVectors() {
        String info = System.getProperty("java.vm.info", "");
        boolean withoutC2 = info.contains("interpreted mode") || info.contains("emulated-client");
        return !withoutC2 && Simd.hardwareBits() >= 128;
    }

    /** In plain Java. */
    static Kernels scalar() {
        return new Kernels(
                0,
                new ScalarGemm(),
                new ScalarMapKernels(),
                new ScalarNormKernels(),
                new ScalarRowKernels(),
                new ScalarWinograd());
    }

    /** On the Vector API, which must be present. */
    static Kernels vector() {
        return new Kernels(
                Simd.F32.vectorBitSize(),
                new VectorGemm(),
                new VectorMapKernels(),
                new VectorNormKernels(),
                new VectorRowKernels(),
                new VectorWinograd());
    }
}
