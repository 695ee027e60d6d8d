package dev.aquarelle.cli;

import dev.aquarelle.weights.SyntheticModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code aquarelle synth DIR}: a model of full size without a download. */
@Command(
        name = "synth",
        description = {
            "Write a model of full size with computed weights, for tests and measurements.",
            "Its pictures are noise; its speed and memory are those of the real model."
        },
        mixinStandardHelpOptions = true)
final class SynthCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "DIR", description = "A new or empty folder.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path folder;

    @Option(
            names = "--model",
            defaultValue = "SD15",
            paramLabel = "NAME",
            description = "Which model: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private SyntheticModel model = SyntheticModel.SD15;

    @Option(
            names = "--tokenizer",
            paramLabel = "DIR",
            description = "Folder with vocab.json and merges.txt to copy for each text encoder;"
                    + " without it the model has no tokenizer.")
    private @Nullable Path tokenizer;

    @Override
    public Integer call() throws IOException {
        long start = System.nanoTime();
        model.write(folder, tokenizer);
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                Locale.ROOT,
                "%s: %s, %,d bytes of weights, %.1f s%n",
                folder,
                model.id(),
                model.bytes(),
                (System.nanoTime() - start) / 1e9);
        out.flush();
        return 0;
    }
}
