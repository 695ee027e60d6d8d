package dev.aquarelle.cli;

import dev.aquarelle.weights.Comparison;
import dev.aquarelle.weights.Difference;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code aquarelle compare A B}: how two weights files differ. */
@Command(
        name = "compare",
        description = "Tell how the tensors of two weights files differ, the worst first; types may differ.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:equal names, shapes and numbers", "1:different", "2:wrong usage"})
final class CompareCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "A", description = "A safetensors file, an index, or a part's folder.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path first;

    @Parameters(index = "1", paramLabel = "B", description = "The other one.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path second;

    @Option(
            names = {"-n", "--lines"},
            defaultValue = "20",
            paramLabel = "N",
            description = "At most so many lines of each kind (default: ${DEFAULT-VALUE}).")
    private int lines = 20;

    @Override
    public Integer call() {
        if (lines < 0) {
            throw new ParameterException(spec.commandLine(), "--lines: expected a number not below 0, found " + lines);
        }
        Comparison comparison = Comparison.of(first, second);
        PrintWriter out = spec.commandLine().getOut();
        list("only in " + first, comparison.onlyInFirst(), out);
        list("only in " + second, comparison.onlyInSecond(), out);
        list(
                "different shapes",
                comparison.reshaped().stream()
                        .map(each -> "%s  %s, %s".formatted(each.name(), each.first(), each.second()))
                        .toList(),
                out);
        list(
                "different numbers: largest, root mean square, the same relative to A",
                comparison.differences().stream().map(CompareCommand::line).toList(),
                out);
        out.printf("%d tensors are equal%n", comparison.equal());
        out.flush();
        return comparison.isEqual() ? 0 : 1;
    }

    private static String line(Difference difference) {
        return String.format(
                Locale.ROOT,
                "%.3e  %.3e  %.3e  %s %s%s",
                difference.maxAbs(),
                difference.rms(),
                difference.relative(),
                difference.name(),
                difference.shape(),
                difference.nans() == 0 ? "" : ", %,d NaN in one only".formatted(difference.nans()));
    }

    private void list(String title, List<String> entries, PrintWriter out) {
        if (entries.isEmpty()) {
            return;
        }
        out.printf("%s: %d%n", title, entries.size());
        entries.stream().limit(lines).forEach(entry -> out.printf("  %s%n", Printable.of(entry)));
        if (entries.size() > lines) {
            out.printf("  and %d more%n", entries.size() - lines);
        }
    }
}
