package dev.aquarelle.cli;

import dev.aquarelle.core.tensor.DType;
import dev.aquarelle.weights.Conversion;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code aquarelle convert FROM TO --type F16}: writes weights in another type. */
@Command(
        name = "convert",
        description = "Write weights with their floating-point numbers in another type, rounded to nearest.",
        mixinStandardHelpOptions = true)
final class ConvertCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "FROM",
            description = "A safetensors file, an index of several, or the folder of a model's part.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path from;

    @Parameters(index = "1", paramLabel = "TO", description = "The safetensors file to write.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path to;

    @Option(
            names = {"-t", "--type"},
            required = true,
            paramLabel = "TYPE",
            description = "F32, F16 or BF16.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private DType type;

    @Option(
            names = {"-f", "--force"},
            description = "Write over a file that is there.")
    private boolean force;

    @Override
    public Integer call() throws IOException {
        if (!Conversion.TYPES.contains(type)) {
            throw new ParameterException(spec.commandLine(), "--type: expected F32, F16 or BF16, found " + type);
        }
        if (!force && Files.exists(to)) {
            throw new FileAlreadyExistsException(to.toString());
        }
        Conversion conversion = convert();
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                Locale.ROOT,
                "%s: %,d of %,d tensors converted to %s, %,d bytes where there were %,d%n",
                to,
                conversion.converted(),
                conversion.tensors(),
                type,
                conversion.bytesAfter(),
                conversion.bytesBefore());
        out.flush();
        for (Conversion.Overflow overflow : conversion.overflows()) {
            spec.commandLine()
                    .getErr()
                    .printf(
                            Locale.ROOT,
                            "warning: %s: %,d numbers are beyond the range of %s and became infinite%n",
                            Printable.of(overflow.name()),
                            overflow.count(),
                            type);
        }
        return conversion.overflows().isEmpty() ? 0 : 1;
    }

    private Conversion convert() throws IOException {
        try {
            return Conversion.convert(from, to, type);
        } catch (IOException e) { // what is read is mapped, and fails otherwise
            throw Failures.notWritten(to, e);
        }
    }
}
