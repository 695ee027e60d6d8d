package dev.aquarelle.ops.cpu;

import dev.aquarelle.ops.graph.Activation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * Runs every kernel for every count from 0 to more than two of the widest vectors, at odd offsets, on random and on special numbers, into
 * memory full of NaN that must survive around the result. Sums up the bits of all results, so that two implementations, in one JVM or
 * in two, can be compared. Kernels that work on blocks of rows are run by {@link ProductBattery}.
 */
final class KernelBattery {
    private static final int COUNTS = 41;
    private static final int FLOATS = 1024;

    /** First float of each operand: no multiple of any vector. */
    private static final long A = 4 * 3;

    private static final long B = 4 * 131;
    private static final long C = 4 * 263;
    private static final long D = 4 * 391;
    private static final long OUT = 4 * 5;

    private static final float[] SPECIAL = {
        0f,
        -0f,
        1,
        -1,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MIN_NORMAL,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        1e30f,
        -1e30f,
        88.7f,
        88.8f,
        89,
        89.1f,
        -86.9f,
        -87,
        -87.1f,
        14.2f,
        -14.2f,
        -14.3f,
        0.55f,
        -0.55f
    };

    /** One kernel: reads x, writes {@code count} floats from {@link #OUT} on, or returns a number. */
    private interface Kernel {
        float run(Kernels kernels, MemorySegment x, MemorySegment out, int count);
    }

    /** A kernel that returns nothing. */
    private interface Writer extends Kernel {
        void write(Kernels kernels, MemorySegment x, MemorySegment out, int count);

        @Override
        default float run(Kernels kernels, MemorySegment x, MemorySegment out, int count) {
            write(kernels, x, out, count);
            return 0;
        }
    }

    private final Map<String, Kernel> kernels = new LinkedHashMap<>();

    private KernelBattery() {
        for (Activation function : Activation.values()) {
            add(function.name(), (k, x, out, n) -> k.map().activate(function, x, A, out, OUT, n));
        }
        add("geGlu", (k, x, out, n) -> k.map().geGlu(x, A, B, out, OUT, n));
        add("add", (k, x, out, n) -> k.map().add(x, A, x, B, out, OUT, n));
        add("multiply", (k, x, out, n) -> k.map().multiply(x, A, x, B, out, OUT, n));
        add("scale", (k, x, out, n) -> k.map().scale(x, A, out, OUT, n, 1.7f, -0.3f));
        add("average", (k, x, out, n) -> k.map().average(x, A, B, C, D, out, OUT, n));
        kernels.put("max", (k, x, out, n) -> k.row().max(x, A, n));
        kernels.put("expSum", (k, x, out, n) -> k.row().expSum(x, A, out, OUT, n, 0.3f, 1));
        kernels.put("sum", (k, x, out, n) -> k.norm().sum(x, A, n, 0.25f));
        kernels.put("sumOfSquares", (k, x, out, n) -> k.norm().sumOfSquares(x, A, n, 0.25f));
        add("normalizeRow", (k, x, out, n) -> k.norm().normalizeRow(x, A, out, OUT, n, 0.25f, 1.1f, -0.1f));
        add(
                "normalizeRowAffine",
                (k, x, out, n) -> k.norm().normalizeRowAffine(x, A, out, OUT, n, 0.25f, 1.1f, -0.1f, x, B, x, C));
        add("channelSums", (k, x, out, n) -> k.norm().channelSums(x, A, 5, n, out, OUT));
        add("channelSquares", (k, x, out, n) -> k.norm().channelSquares(x, A, 5, n, x, D, out, OUT));
        add("normalizeChannels", (k, x, out, n) -> k.norm().normalizeChannels(x, A, out, OUT, 1, n, x, D));
        add("scaleRow", (k, x, out, n) -> {
            MemorySegment.copy(x, A, out, OUT, 4L * n);
            k.row().scaleRow(out, OUT, n, 0.7f);
        });
    }

    private void add(String name, Writer kernel) {
        kernels.put(name, kernel);
    }

    /** The sum of the bits of all results by kernel; NaN counts as one value. */
    static Map<String, Integer> results(Kernels implementation) {
        Map<String, Integer> sums = new LinkedHashMap<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(4L * FLOATS, 64);
            MemorySegment out = arena.allocate(4L * FLOATS, 64);
            new KernelBattery().kernels.forEach((name, kernel) -> {
                Random random = new Random(7);
                int sum = 1;
                for (int round = 0; round < 3; round++) {
                    for (int count = 0; count < COUNTS; count++) {
                        fill(x, random, round);
                        fillWithNaN(out);
                        float returned = kernel.run(implementation, x, out, count);
                        sum = 31 * sum + Float.floatToIntBits(returned);
                        for (int i = 0; i < count; i++) {
                            sum = 31 * sum
                                    + Float.floatToIntBits(out.get(ValueLayout.JAVA_FLOAT_UNALIGNED, OUT + 4L * i));
                        }
                        requireNaNAround(name, out, count);
                    }
                }
                sums.put(name, sum);
            });
        }
        sums.putAll(ProductBattery.results(implementation));
        return sums;
    }

    private static void fill(MemorySegment x, Random random, int round) {
        for (int i = 0; i < FLOATS; i++) {
            x.setAtIndex(ValueLayout.JAVA_FLOAT, i, number(random, round));
        }
    }

    /** By round: normal numbers; special ones; some special ones among numbers small enough for sums to stay finite. */
    static float number(Random random, int round) {
        float normal = (float) random.nextGaussian();
        float special = SPECIAL[random.nextInt(SPECIAL.length)];
        boolean chosen = round == 1 || round == 2 && random.nextInt(8) == 0;
        return !chosen ? normal : round == 1 ? special : Math.clamp(special, -90, 90);
    }

    private static void fillWithNaN(MemorySegment out) {
        for (int i = 0; i < FLOATS; i++) {
            out.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.NaN);
        }
    }

    private static void requireNaNAround(String name, MemorySegment out, int count) {
        for (int i = 0; i < FLOATS; i++) {
            boolean outside = 4L * i < OUT || 4L * i >= OUT + 4L * count;
            float found = out.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            if (outside && !Float.isNaN(found)) {
                throw new AssertionError("%s of %d floats wrote %s at float %d, its result begins at %d"
                        .formatted(name, count, found, i, OUT / 4));
            }
        }
    }

    /** Prints the width of the vectors and a line for each kernel. */
    public static void main(String[] arguments) {
        Kernels loaded = Kernels.load();
        System.out.println("vectorBits=" + loaded.vectorBits());
        results(loaded).forEach((name, sum) -> System.out.println(name + "=" + sum));
    }
}
