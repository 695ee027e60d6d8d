package dev.aquarelle.cli.measure;

import java.io.PrintWriter;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the time of a picture went. The rows of each list, with {@code outside}, add up to the whole.
 *
 * @param engine backend, threads, vectors
 * @param seconds the picture took
 * @param samplerSteps calls of the denoiser
 * @param outside what was spent between the programs' steps: planning memory, the sampler, tokens, conversion to pixels
 * @param scopes by the model's blocks, in the order they ran
 * @param kernels by what computed, the longest first
 * @param operations by operation and shapes, the longest first
 */
record Profile(
        String engine,
        double seconds,
        int samplerSteps,
        Row outside,
        List<Row> scopes,
        List<Row> kernels,
        List<Row> operations) {
    private static final Pattern BLOCK =
            Pattern.compile("(?:decoder\\.)?(?:down_blocks\\.\\d+|up_blocks\\.\\d+|mid_block)");

    /**
     * Steps that have a name in common.
     *
     * @param percent of the picture's time
     * @param gigaflops a second, as the graph counts operations
     */
    record Row(String name, long calls, double seconds, double percent, double gigaflops) {}

    static Profile of(String engine, StepRecording recording) {
        double steps =
                recording.steps().stream().mapToDouble(s -> s.nanos() / 1e9).sum();
        double whole = Math.max(recording.seconds(), steps);
        return new Profile(
                engine,
                whole,
                recording.samplerSteps(),
                new Row("outside of steps", 1, whole - steps, 100 * (whole - steps) / whole, 0),
                rows(recording, whole, Profile::block),
                longestFirst(rows(recording, whole, step -> "%s of %s".formatted(step.kernel(), step.op()))),
                longestFirst(rows(recording, whole, step -> "%s %s".formatted(step.op(), step.shapes()))));
    }

    /** The part of the model that a reader of the paper's diagram knows. */
    private static String block(StepRecording.Step step) {
        String part = step.part().name().toLowerCase(Locale.ROOT);
        Matcher block = BLOCK.matcher(step.scope());
        return step.part() != StepRecording.Part.TEXT_ENCODER && block.lookingAt()
                ? part + "." + block.group()
                : part + (step.part() == StepRecording.Part.TEXT_ENCODER ? "" : " (rest)");
    }

    private static List<Row> rows(StepRecording recording, double whole, Function<StepRecording.Step, String> name) {
        Map<String, long[]> sums = new LinkedHashMap<>(); // calls, nanoseconds, floating-point operations
        for (StepRecording.Step step : recording.steps()) {
            long[] sum = sums.computeIfAbsent(name.apply(step), _ -> new long[3]);
            sum[0]++;
            sum[1] += step.nanos();
            sum[2] += step.flops();
        }
        return sums.entrySet().stream()
                .map(e -> {
                    long[] sum = e.getValue();
                    return new Row(
                            e.getKey(),
                            sum[0],
                            sum[1] / 1e9,
                            sum[1] / 1e7 / whole,
                            sum[1] == 0 ? 0 : (double) sum[2] / sum[1]);
                })
                .toList();
    }

    private static List<Row> longestFirst(List<Row> rows) {
        return rows.stream()
                .sorted(Comparator.comparingDouble(Row::seconds).reversed())
                .toList();
    }

    /**
     * Three tables.
     *
     * @param top how many operations
     */
    void print(PrintWriter out, int top) {
        out.printf(
                Locale.ROOT, "%s; %s for a picture of %d steps%n", engine, BenchReport.seconds(seconds), samplerSteps);
        if (scopes.isEmpty()) {
            out.println("This backend does not tell of its steps; cpu does.");
        }
        print(out, "by part", scopes);
        print(out, "by kernel", kernels);
        print(out, "by operation", operations.subList(0, Math.min(top, operations.size())));
        Row rest = rest(top);
        if (rest.calls() > 0) {
            line(out, rest);
        }
    }

    private void print(PrintWriter out, String title, List<Row> rows) {
        out.printf("%n%12s %8s %8s %8s  %s%n", "time", "share", "calls", "GFLOP/s", title);
        rows.forEach(row -> line(out, row));
        if (!title.equals("by operation")) {
            line(out, outside);
        }
    }

    private Row rest(int top) {
        List<Row> others = operations.subList(Math.min(top, operations.size()), operations.size());
        double time = others.stream().mapToDouble(Row::seconds).sum();
        long calls = others.stream().mapToLong(Row::calls).sum();
        double work = others.stream()
                .mapToDouble(row -> row.gigaflops() * row.seconds())
                .sum();
        return new Row(
                others.size() + " other operations", calls, time, 100 * time / seconds, time == 0 ? 0 : work / time);
    }

    private static void line(PrintWriter out, Row row) {
        out.printf(
                Locale.ROOT,
                "%12s %7.1f%% %8d %8.1f  %s%n",
                BenchReport.seconds(row.seconds()),
                row.percent(),
                row.calls(),
                row.gigaflops(),
                row.name());
    }
}
