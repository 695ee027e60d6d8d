package dev.aquarelle.cli.conformance;

import dev.aquarelle.core.safetensors.SafetensorsException;
import dev.aquarelle.ops.Backend;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * Runs the cases of a golden folder on a backend. Whatever is wrong with a case, its files or the engine is a failure of that case; the
 * run goes on.
 */
public final class ConformanceRunner {
    private final Manifest manifest;
    private final Backend backend;

    /**
     * @param root a folder with a {@code MANIFEST.json}
     * @param backend what computes; stays open
     * @throws GoldenException if there is no readable manifest
     */
    public ConformanceRunner(Path root, Backend backend) {
        this.manifest = Manifest.read(root);
        this.backend = backend;
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
        manifest.faults(name)
                .forEach(fault -> failures.add(new Failure("files", "", "those of the manifest", fault, "")));
        String unsupported = "";
        int checks = 0;
        if (failures.isEmpty()) {
            try (Arena arena = Arena.ofShared()) {
                Check check = new Check(GoldenCase.open(manifest, name, arena));
                unsupported = run(check, failures);
                checks = check.checks();
            } catch (GoldenException | SafetensorsException | IllegalStateException e) {
                failures.add(Failure.of("the case", "a well-formed case", described(e)));
            }
        }
        return new CaseResult(
                name, groupOf(name), checks, List.copyOf(failures), unsupported, (System.nanoTime() - start) * 1e-9);
    }

    /** The reason if the case is unsupported, otherwise nothing. */
    private String run(Check check, List<Failure> failures) {
        String unsupported = "";
        try {
            GoldenGroups.of(groupOf(check.golden().name())).run(check.golden(), backend, check);
            failures.addAll(check.missingComparisons());
        } catch (UnsupportedCaseException e) {
            unsupported = String.valueOf(e.getMessage());
        } catch (CancellationException e) {
            throw e;
        } catch (IOException | RuntimeException | StackOverflowError e) {
            failures.add(Failure.of("the case", "a result", described(e)));
        }
        failures.addAll(0, check.failures());
        return unsupported;
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
