package dev.aquarelle.cli;

import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.checkpoint.FileKind;
import dev.aquarelle.weights.Inspection;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code aquarelle inspect FILE...}: what is in weights files. */
@Command(
        name = "inspect",
        description = "Say what weights files are and list their tensors: names, types, shapes, sizes.",
        mixinStandardHelpOptions = true)
final class InspectCommand implements Runnable {
    private static final List<String> PARTS = List.of("text_encoder", "text_encoder_2", "unet", "vae");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "FILE",
            description = "A safetensors file, an index of several, a part of a model or a whole model's folder.")
    private List<Path> files = List.of();

    @Option(
            names = {"-s", "--summary"},
            description = "Only what it is and the totals.")
    private boolean summary;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        files.stream().flatMap(InspectCommand::parts).forEach(file -> print(inspected(file), out));
        out.flush();
    }

    /** A file that is no safetensors file is told by its first bytes. */
    private static Inspection inspected(Path file) {
        if (Files.isRegularFile(file) && !file.toString().endsWith(".json")) {
            FileKind kind = FileKind.of(file);
            if (!kind.isSafetensors()) {
                throw new ModelException("%s: expected a safetensors file, found: %s".formatted(file, kind.title()));
            }
        }
        return Inspection.of(file);
    }

    /** A whole model is its parts. */
    private static Stream<Path> parts(Path path) {
        return Files.exists(path.resolve("model_index.json"))
                ? PARTS.stream().map(path::resolve).filter(Files::isDirectory)
                : Stream.of(path);
    }

    private void print(Inspection inspection, PrintWriter out) {
        out.printf("%s: %s%n", inspection.file(), inspection.kind());
        inspection.metadata().forEach((key, value) -> out.printf("  %s: %s%n", Printable.of(key), Printable.of(value)));
        if (!summary) {
            int width = inspection.tensors().stream()
                    .mapToInt(entry -> entry.name().length())
                    .max()
                    .orElse(0);
            for (Inspection.Entry entry : inspection.tensors()) {
                String name = Printable.of(entry.name());
                out.printf(
                        Locale.ROOT,
                        "  %s  %-7s %-22s %,15d bytes%n",
                        name + " ".repeat(Math.max(0, width - name.length())),
                        entry.dtype(),
                        entry.shape(),
                        entry.bytes());
            }
        }
        inspection.totals().forEach((dtype, total) -> print("  " + dtype, total, out));
        print("  total", inspection.total(), out);
    }

    private static void print(String what, Inspection.Total total, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%-9s %,7d tensors  %,15d parameters  %,15d bytes%n",
                what,
                total.tensors(),
                total.parameters(),
                total.bytes());
    }
}
