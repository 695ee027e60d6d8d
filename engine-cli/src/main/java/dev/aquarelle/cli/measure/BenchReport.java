package dev.aquarelle.cli.measure;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/**
 * The measured parts of a model, and on what.
 *
 * @param backend its name
 * @param description threads and vectors
 * @param loadAverage of the machine before the measurement; negative if not known
 */
record BenchReport(
        String model,
        String backend,
        String description,
        String java,
        int processors,
        double loadAverage,
        List<PartMeasurement> parts) {

    /** A line for each part. */
    void print(PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%s; %s: %s, Java %s, %d processors, load average %.1f%n%n",
                model,
                backend,
                description,
                java,
                processors,
                loadAverage);
        out.printf(
                "%-24s %10s %10s %10s %10s %10s %10s %10s %10s%n",
                "", "first", "median", "min", "max", "processor", "GFLOP/s", "planned", "peak");
        for (PartMeasurement part : parts) {
            out.printf(
                    Locale.ROOT,
                    "%-24s %10s %10s %10s %10s %10s %10.1f %10s %10s%n",
                    title(part),
                    seconds(part.first().seconds()),
                    seconds(part.medianSeconds()),
                    seconds(part.minSeconds()),
                    seconds(part.maxSeconds()),
                    seconds(processorSeconds(part)),
                    part.gigaflops(),
                    megabytes(part.plannedBytes()),
                    part.peakBytes() == 0 ? "?" : megabytes(part.peakBytes()));
        }
        out.printf(
                Locale.ROOT,
                "%n%d calls each, warmed up; GFLOP/s as the graph counts, at the median; peak of the process,"
                        + " mapped weights included%n",
                parts.isEmpty() ? 0 : parts.getFirst().calls().size());
    }

    private static String title(PartMeasurement part) {
        ModelPart which = ModelPart.valueOf(part.part().toUpperCase(Locale.ROOT));
        return which == ModelPart.TEXT ? which.title() : which.title() + " " + part.size();
    }

    private static double processorSeconds(PartMeasurement part) {
        return part.calls().stream()
                .mapToDouble(PartMeasurement.Call::processorSeconds)
                .average()
                .orElse(0);
    }

    static String seconds(double seconds) {
        return seconds < 1
                ? String.format(Locale.ROOT, "%.1f ms", seconds * 1e3)
                : String.format(Locale.ROOT, "%.2f s", seconds);
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.0f MB", bytes / 1e6);
    }
}
