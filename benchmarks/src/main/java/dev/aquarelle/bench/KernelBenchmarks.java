package dev.aquarelle.bench;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command of {@code benchmarks.jar}: measures one, some or all kernels with JMH and puts them under the machine's roof. */
@Command(
        name = "benchmarks",
        description = "Measure the kernels of Stable Diffusion 1.5 at the shapes they have in the U-Net and the VAE.",
        mixinStandardHelpOptions = true)
public final class KernelBenchmarks implements Callable<Integer> {
    @Parameters(
            arity = "0..*",
            paramLabel = "REGEX",
            description = "Kernels whose names match one of these: conv2d, 64x64, '^linear:2x4096' (default: all).")
    private List<Pattern> patterns = List.of();

    @Option(names = "--list", description = "Only tell the names, floating-point operations and bytes.")
    private boolean list;

    @Option(
            names = {"-b", "--backends"},
            split = ",",
            paramLabel = "NAME",
            description =
                    "What to measure (default: cpu). With the build's profile 'peers' also torch and onnxruntime.")
    private List<String> backends = List.of("cpu");

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Default: as many as processors.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--iterations", paramLabel = "N", description = "Of each kernel (default: 5).")
    private int iterations = 5;

    @Option(names = "--warm-ups", paramLabel = "N", description = "Iterations that do not count (default: 3).")
    private int warmUps = 3;

    @Option(names = "--time", paramLabel = "SECONDS", description = "Of each iteration (default: 1).")
    private double time = 1;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all figures, for plot.py.")
    private @Nullable Path json;

    @Option(
            names = {"-v", "--verbose"},
            description = "Show what JMH says.")
    private boolean verbose;

    /** Runs the command. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new KernelBenchmarks()).execute(args));
    }

    @Override
    public Integer call() throws RunnerException, IOException {
        List<Kernel> kernels = Kernels.all().values().stream()
                .filter(kernel -> patterns.isEmpty()
                        || patterns.stream()
                                .anyMatch(p -> p.matcher(kernel.name()).find()))
                .toList();
        if (list) {
            kernels.forEach(kernel -> System.out.printf(
                    Locale.ROOT,
                    "%10.3f GFLOP %9.1f MB  %s%n",
                    kernel.flops() / 1e9,
                    kernel.bytes() / 1e6,
                    kernel.name()));
            return 0;
        }
        if (!Runners.names().containsAll(backends)) {
            System.err.printf("--backends: expected some of %s, found %s%n", Runners.names(), backends);
            return 2;
        }
        KernelReport machine = new KernelReport(threads, peak("multiplyAdds"), peak("triad"), List.of());
        List<KernelReport.Row> rows = new ArrayList<>();
        for (Kernel kernel : kernels) {
            for (String backend : backends) {
                measure(machine, kernel, backend, rows);
            }
        }
        KernelReport report = new KernelReport(threads, machine.gigaflopsPeak(), machine.gigabytesPeak(), rows);
        report.print(System.out);
        if (json != null) {
            Files.writeString(
                    json,
                    new GsonBuilder()
                            .serializeSpecialFloatingPointValues()
                            .setPrettyPrinting()
                            .create()
                            .toJson(report));
        }
        return 0;
    }

    /** With JMH's own times, whatever the kernels get: a roof that is too low would say nothing. */
    private double peak(String benchmark) throws RunnerException {
        Result<?> allThreads = run(new OptionsBuilder()
                .include(MachineBenchmark.class.getName() + "." + benchmark + "$")
                .threads(threads));
        return allThreads.getScore()
                * (benchmark.equals("triad") ? MachineBenchmark.gigabytes() : MachineBenchmark.gigaflop());
    }

    private void measure(KernelReport machine, Kernel kernel, String backend, List<KernelReport.Row> rows)
            throws RunnerException {
        double error = Runners.suits(backend, kernel) ? Runners.error(backend, kernel, threads) : Double.NaN;
        if (Double.isNaN(error)) {
            System.out.printf("%s: not on %s%n", kernel.name(), backend);
            return;
        }
        Result<?> result = run(new OptionsBuilder()
                .include(KernelBenchmark.class.getName() + ".run$")
                .warmupIterations(warmUps)
                .measurementIterations(iterations)
                .warmupTime(TimeValue.milliseconds(Math.round(1000 * time)))
                .measurementTime(TimeValue.milliseconds(Math.round(1000 * time)))
                .param("kernel", kernel.name())
                .param("backend", backend)
                .param("threads", Integer.toString(threads)));
        rows.add(machine.row(kernel, backend, result.getScore(), result.getScoreError(), error));
        System.out.printf(Locale.ROOT, "%s: %.3f ms on %s%n", kernel.name(), result.getScore(), backend);
    }

    private Result<?> run(ChainedOptionsBuilder options) throws RunnerException {
        Collection<RunResult> results = new Runner(options.shouldFailOnError(true)
                        .verbosity(verbose ? VerboseMode.NORMAL : VerboseMode.SILENT)
                        .build())
                .run();
        if (results.size() != 1) {
            throw new RunnerException("expected one result, found " + results.size());
        }
        return results.iterator().next().getPrimaryResult();
    }
}
