package dev.aquarelle.cli.conformance;

import dev.aquarelle.cli.BackendChoice;
import dev.aquarelle.cli.Printable;
import dev.aquarelle.cli.StderrLog;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.ops.Backends;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code aquarelle conformance DIR}: proves the engine right on the user's own machine. */
@Command(
        name = "conformance",
        description = "Run golden cases and compare with the reference implementation's results.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:all cases passed", "1:a case failed or is not supported", "2:wrong usage"})
public final class ConformanceCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "DIR", description = "Folder of golden files with a MANIFEST.json.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path folder;

    @Option(names = "--group", split = ",", paramLabel = "GROUP", description = "Only these groups: 03,06 or 06_unet.")
    private List<String> groups = List.of();

    @Option(names = "--case", split = ",", paramLabel = "NAME", description = "Only these cases.")
    private List<String> cases = List.of();

    @Option(
            names = "--fullsize",
            paramLabel = "DIR",
            description = "Folder of the full-size model of group 13; without it that group is not run.")
    private @Nullable Path fullSize;

    @Mixin
    private final BackendChoice backend = new BackendChoice();

    @Option(names = "--json", description = "The whole report as JSON, nothing else.")
    private boolean json;

    @Option(
            names = {"-v", "--verbose"},
            description = "A line for cases that passed, too.")
    private boolean verbose;

    @Override
    public Integer call() {
        StderrLog.showErrorsOnly(); // prompts that are too long are among the cases
        PrintWriter out = spec.commandLine().getOut();
        try (Backend opened = open()) {
            ConformanceRunner runner = new ConformanceRunner(folder, opened, fullSize);
            Report report = runner.run(new Selection(groups, cases), result -> {
                if (!json && (verbose || result.outcome() == CaseResult.Outcome.FAILED)) {
                    out.println(Printable.of(result.line()));
                    out.flush();
                }
            });
            if (json) {
                out.println(report.json());
            } else {
                report.table().lines().map(Printable::of).forEach(out::println);
            }
            out.flush();
            return report.exitStatus();
        } catch (GoldenException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private Backend open() {
        BackendOptions computing = backend.options();
        return new LazyBackend(backend.name(), () -> Backends.open(backend.name(), computing));
    }
}
