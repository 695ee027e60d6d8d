package dev.aquarelle.ops.cpu;

import com.sun.management.ThreadMXBean;
import dev.aquarelle.ops.graph.Activation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Runs each kernel again and again, whole and partial vectors mixed, until it has been compiled so that it allocates nothing: a vector
 * that is not kept in a register is an object. Fails if one still allocates after a minute. To be run in a JVM of its own.
 */
final class NoAllocation {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int COUNT = 328; // 20 vectors of 16 and a half
    private static final int CALLS = 200;
    private static final long B = 8192;
    private static final long OUT = 16384;

    private NoAllocation() {}

    /** Prints the kernels that still allocate after a minute, and fails if there are any. */
    public static void main(String[] arguments) {
        Kernels kernels = Kernels.vector();
        MemorySegment x = Arena.global().allocate(1 << 20, 64);
        Map<String, Runnable> runs = new LinkedHashMap<>();
        for (Activation function : Activation.values()) {
            runs.put(function.name(), () -> kernels.map().activate(function, x, 0, x, OUT, COUNT));
        }
        runs.put("geGlu", () -> kernels.map().geGlu(x, 0, B, x, OUT, COUNT));
        runs.put("add", () -> kernels.map().add(x, 0, x, B, x, OUT, COUNT));
        runs.put("multiply", () -> kernels.map().multiply(x, 0, x, B, x, OUT, COUNT));
        runs.put("scale", () -> kernels.map().scale(x, 0, x, OUT, COUNT, 2, 1));
        runs.put("average", () -> kernels.map().average(x, 0, B, 0, B, x, OUT, COUNT));
        runs.put("max", () -> kernels.row().max(x, 0, COUNT));
        runs.put("expSum", () -> kernels.row().expSum(x, 0, x, OUT, COUNT, 1, 1));
        runs.put("scaleRow", () -> kernels.row().scaleRow(x, OUT, COUNT, 1));
        runs.put("sum", () -> kernels.norm().sum(x, 0, COUNT, 1));
        runs.put("sumOfSquares", () -> kernels.norm().sumOfSquares(x, 0, COUNT, 1));
        runs.put("normalizeRow", () -> kernels.norm().normalizeRow(x, 0, x, OUT, COUNT, 1, 1, 1));
        runs.put(
                "normalizeRowAffine",
                () -> kernels.norm().normalizeRowAffine(x, 0, x, OUT, COUNT, 1, 1, 1, x, B, x, B));
        runs.put("channelSums", () -> kernels.norm().channelSums(x, 0, 6, COUNT, x, OUT));
        runs.put("channelSquares", () -> kernels.norm().channelSquares(x, 0, 6, COUNT, x, B, x, OUT));
        runs.put("normalizeChannels", () -> kernels.norm().normalizeChannels(x, 0, x, OUT, 6, COUNT, x, B));
        products(kernels.gemm(), x, runs);
        attention(kernels.attention(), x, runs);
        transforms(kernels.winograd(), x, runs);
        long end = System.nanoTime() + 60_000_000_000L;
        while (!runs.isEmpty() && System.nanoTime() < end) {
            runs.values().removeIf(NoAllocation::allocatesNothing);
        }
        System.out.println("still allocating: " + runs.keySet());
        System.exit(runs.isEmpty() ? 0 : 1);
    }

    private static void products(GemmKernel gemm, MemorySegment x, Map<String, Runnable> runs) {
        int rows = 2 * GemmKernel.ROWS + 1;
        int k = 40;
        int stride = GemmKernel.PANEL;
        float[] a = new float[GemmKernel.paddedRows(rows) * k];
        float[] sums = new float[GemmKernel.paddedRows(rows) * stride];
        for (int width = GemmKernel.COLUMNS; width <= stride; width += GemmKernel.COLUMNS) {
            int columns = width;
            runs.put("multiply " + width, () -> gemm.multiply(a, 0, rows, k, x, B, columns, sums, 0, stride));
        }
        int cols = stride - 3;
        runs.put("put", () -> gemm.put(sums, 0, stride, rows, cols, x, OUT, 4L * COUNT, -1, 0));
        runs.put("put on a bias", () -> gemm.put(sums, 0, stride, rows, cols, x, OUT, 4L * COUNT, B, 0));
        runs.put("put on sums", () -> gemm.put(sums, 0, stride, rows, cols, x, OUT, 4L * COUNT, OUT, 4L * COUNT));
        runs.put("take", () -> gemm.take(x, OUT, 4L * COUNT, rows, cols, sums, 0));
        runs.put("rescale", () -> gemm.rescale(sums, 0, 0.5f, sums, 0, stride));
    }

    private static void attention(AttentionKernels attention, MemorySegment x, Map<String, Runnable> runs) {
        int keys = 40;
        int columns = GemmKernel.PANEL;
        float[] scores = new float[keys * columns];
        float[] gathered = new float[keys * columns];
        float[] queries = new float[3 * columns];
        runs.put("weigh", () -> attention.weigh(scores, keys, columns, 1, queries, queries, queries, columns, x, OUT));
        runs.put("gather", () -> attention.gather(gathered, 0, keys, columns, queries, columns, scores));
    }

    private static void transforms(WinogradKernels winograd, MemorySegment x, Map<String, Runnable> runs) {
        int channels = WinogradKernels.CHANNELS;
        int numbers = WinogradKernels.POSITIONS * channels;
        float[] from = new float[numbers];
        float[] between = new float[numbers];
        float[] to = new float[numbers];
        runs.put("transformPixels", () -> winograd.transformPixels(from, between, to, 0, channels));
        runs.put(
                "transformWeights",
                () -> winograd.transformWeights(
                        from, 0, channels, between, channels, 16, x, OUT, 4L * channels, 64L * channels));
        runs.put("transformSums", () -> winograd.transformSums(from, 0, channels, between, to, channels));
        runs.put("scatter", () -> winograd.scatter(from, channels, x, OUT, 4L * channels));
    }

    private static boolean allocatesNothing(Runnable kernel) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < CALLS; i++) {
            kernel.run();
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before
                < CALLS; // less than a byte a call: the measurement's own
    }
}
