package dev.aquarelle.cli.conformance;

import dev.aquarelle.ops.Backend;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs the cases of a golden folder on a backend. Whatever is wrong with a case, its files or the engine is a failure of that case; the
 * run goes on.
 */
public final class ConformanceRunner {
    private final Manifest manifest;
    private final Backend backend;
    private final @Nullable Path fullSize;

    /**
     * @param root a folder with a {@code MANIFEST.json}
     * @param backend what computes; stays open
     * @throws GoldenException if there is no readable manifest
     */
    public ConformanceRunner(Path root, Backend backend) {
        this(root, backend, null);
    }

    /**
     * @param root a folder with a {@code MANIFEST.json}
     * @param backend what computes; stays open
     * @param fullSize the folder of the full-size model that some cases are about; without it they are unsupported
     * @throws GoldenException if there is no readable manifest
     */
    public ConformanceRunner(Path root, Backend backend, @Nullable Path fullSize) {
        this.manifest = Manifest.read(root);
        this.backend = backend;
        this.fullSize = fullSize;
    }

    /**
     * The names of the selected cases, in the manifest's order.
     *
     * @throws GoldenException if nothing is selected, or something is named that there is not
     */
    public List<String> cases(Selection selection) {
        return selection.of(manifest);
    }

    /**
     * Runs the selected cases.
     *
     * @param listener told of every case when it is done
     */
    public Report run(Selection selection, Consumer<CaseResult> listener) {
        List<CaseResult> results = new ArrayList<>();
        for (String name : cases(selection)) {
            CaseResult result = run(name);
            results.add(result);
            listener.accept(result);
        }
        return new Report(manifest.root(), backend.name(), List.copyOf(results));
    }

    /** Runs one case by its full name. */
    public CaseResult run(String name) {
        long start = System.nanoTime();
        List<Failure> failures = new ArrayList<>();
        String unsupported = "";
        int checks = 0;
        try (Arena arena = Arena.ofShared()) {
            List<String> faults = manifest.faults(name);
            if (faults.isEmpty()) {
                Check check = new Check(GoldenCase.open(manifest, name, fullSize, arena));
                try {
                    unsupported = run(check);
                } finally {
                    failures.addAll(check.failures());
                    checks = check.checks();
                }
            }
            faults.forEach(fault -> failures.add(Failure.of("files", "those of the manifest", fault)));
        } catch (CancellationException e) {
            throw e;
        } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
            failures.add(Failure.of("the case", "a result", described(e)));
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        return new CaseResult(name, groupOf(name), checks, List.copyOf(failures), unsupported, seconds);
    }

    /** The reason if the case is unsupported, otherwise nothing. */
    private String run(Check check) throws IOException {
        try {
            GoldenGroups.of(groupOf(check.golden().name())).run(check.golden(), backend, check);
            check.requireComplete();
            return "";
        } catch (UnsupportedCaseException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private String groupOf(String name) {
        Manifest.Entry entry = manifest.cases().get(name);
        return entry == null ? "" : entry.group();
    }

    private static String described(Throwable e) {
        StackTraceElement[] trace = e.getStackTrace();
        return "%s%s%s"
                .formatted(
                        e.getClass().getSimpleName(),
                        e.getMessage() == null ? "" : ": " + e.getMessage(),
                        trace.length == 0
                                ? ""
                                : " (%s:%d)".formatted(trace[0].getFileName(), trace[0].getLineNumber()));
    }
}
