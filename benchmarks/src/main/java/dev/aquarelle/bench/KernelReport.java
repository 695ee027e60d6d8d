package dev.aquarelle.bench;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/**
 * What was measured.
 *
 * @param gigaflopsPeak of fused multiply-adds a second, all threads
 * @param gigabytesPeak a second to and from memory, all threads
 */
record KernelReport(int threads, double gigaflopsPeak, double gigabytesPeak, List<Row> rows) {

    /**
     * A kernel on a backend.
     *
     * @param milliseconds of one computation, the mean of JMH's iterations
     * @param plusMinus half of its 99.9 % interval
     * @param gigaflops a second, as the graph counts: algorithms that multiply less may pass the peak
     * @param share of the roof: the machine's multiply-adds, or what its memory brings, whichever is less for this kernel
     * @param error largest, relative to the largest value, against float64
     */
    record Row(
            String kernel,
            String kind,
            String backend,
            double milliseconds,
            double plusMinus,
            long flops,
            long bytes,
            double gigaflops,
            double share,
            double error) {}

    Row row(Kernel kernel, String backend, double milliseconds, double plusMinus, double error) {
        double gigaflops = kernel.flops() / milliseconds / 1e6;
        double roof = Math.min(gigaflopsPeak, gigabytesPeak * kernel.flops() / kernel.bytes());
        return new Row(
                kernel.name(),
                kernel.kind(),
                backend,
                milliseconds,
                Double.isNaN(plusMinus) ? 0 : plusMinus,
                kernel.flops(),
                kernel.bytes(),
                gigaflops,
                gigaflops / roof,
                error);
    }

    void print(PrintStream out) {
        out.printf(
                Locale.ROOT,
                "%nthis machine, %d threads: %.1f GFLOP/s of multiply-adds, %.1f GB/s of memory%n%n",
                threads,
                gigaflopsPeak,
                gigabytesPeak);
        out.printf("%12s %10s %9s %6s %9s  %-12s %s%n", "ms", "+-", "GFLOP/s", "roof", "error", "backend", "kernel");
        for (Row row : rows) {
            out.printf(
                    Locale.ROOT,
                    "%12.3f %10.3f %9.1f %5.0f%% %9.1e  %-12s %s%n",
                    row.milliseconds,
                    row.plusMinus,
                    row.gigaflops,
                    100 * row.share,
                    row.error,
                    row.backend,
                    row.kernel);
        }
    }
}
