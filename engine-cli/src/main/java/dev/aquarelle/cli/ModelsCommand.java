package dev.aquarelle.cli;

import dev.aquarelle.core.safetensors.TensorInfo;
import dev.aquarelle.core.safetensors.Weights;
import dev.aquarelle.sd.ModelConfig;
import dev.aquarelle.sd.ModelException;
import dev.aquarelle.sd.checkpoint.FileKind;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code aquarelle models}: names for models, which {@code --model} takes. */
@Command(
        name = "models",
        description = "Give models names, which --model takes, and show what is in them.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "add | list | remove | inspect")
final class ModelsCommand implements Runnable {
    private static final List<String> PARTS = List.of("text_encoder", "text_encoder_2", "unet", "vae");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "models: expected add, list, remove or inspect");
    }

    @Command(name = "add", description = "Give a model a name.", mixinStandardHelpOptions = true)
    void add(
            @Parameters(paramLabel = "NAME", description = "Letters, digits, dots, hyphens and underscores.")
                    String name,
            @Parameters(paramLabel = "PATH", description = "A model's folder or its one file.") Path path,
            @Option(
                            names = {"-f", "--force"},
                            description = "Take the name from another model.")
                    boolean force)
            throws IOException {
        ModelRegistry registry = ModelRegistry.ofUser();
        String kind = kind(path, ModelSource.open(path));
        if (!force && registry.models().containsKey(name)) {
            throw new ModelException("%s is the name of %s; --force gives it to another model"
                    .formatted(name, registry.models().get(name)));
        }
        registry.add(name, path);
        print("%s: %s, %s".formatted(name, kind, path));
    }

    @Command(name = "list", description = "List the names and their models.", mixinStandardHelpOptions = true)
    void list() {
        Map<String, Path> models = ModelRegistry.ofUser().models();
        int width = models.keySet().stream().mapToInt(String::length).max().orElse(0);
        models.forEach((name, path) -> print("%s%s  %s%s"
                .formatted(name, " ".repeat(width - name.length()), path, Files.exists(path) ? "" : "  (not there)")));
    }

    @Command(name = "remove", description = "Forget a name; the model's files stay.", mixinStandardHelpOptions = true)
    void remove(@Parameters(paramLabel = "NAME", description = "The name to forget.") String name) throws IOException {
        ModelRegistry.ofUser().remove(name);
    }

    @Command(name = "inspect", description = "Show what a model is and its parts.", mixinStandardHelpOptions = true)
    void inspect(
            @Parameters(paramLabel = "NAME-OR-PATH", description = "A name, a model's folder or its one file.")
                    Path model) {
        Path path = ModelRegistry.ofUser().resolve(model);
        ModelSource source = ModelSource.open(path);
        print("%s: %s".formatted(path, kind(path, source)));
        for (String part : PARTS) {
            if (source.has(part)) {
                try (Arena arena = Arena.ofConfined()) {
                    print(part, source.weights(part, arena));
                }
            }
        }
        SchedulerConfig scheduler = source.scheduler();
        String prediction =
                ModelConfig.parse(scheduler.where(), scheduler.toString()).string("prediction_type", "epsilon");
        print("  %-16s %s, %s".formatted("scheduler", scheduler.className(), prediction));
    }

    private static String kind(Path path, ModelSource source) {
        return Files.isDirectory(path)
                ? "folder of a %s".formatted(source.index().string("_class_name"))
                : FileKind.of(path).title();
    }

    private void print(String part, Weights weights) {
        long parameters = 0;
        long bytes = 0;
        for (String name : weights.names()) {
            TensorInfo tensor = weights.info(name);
            parameters += tensor.shape().size();
            bytes += tensor.bytes();
        }
        print(String.format(
                Locale.ROOT,
                "  %-16s %,6d tensors  %,15d parameters  %,15d bytes",
                part,
                weights.names().size(),
                parameters,
                bytes));
    }

    private void print(String line) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(Printable.of(line));
        out.flush();
    }
}
