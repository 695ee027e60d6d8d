package dev.aquarelle.cli.measure;

import com.google.gson.GsonBuilder;
import dev.aquarelle.cli.BackendChoice;
import dev.aquarelle.cli.ModelRegistry;
import dev.aquarelle.cli.PictureSize;
import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.demo.DemoModel;
import dev.aquarelle.sd.pipeline.EngineOptions;
import dev.aquarelle.sd.pipeline.ModelDefaults;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What is measured and how it is told: the same options of every command that measures. */
final class Measured {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "MODEL",
            description = "A model's folder, file or name (default: the small demo model).")
    private @Nullable Path model;

    @Option(
            names = "--size",
            paramLabel = "WxH",
            converter = PictureSize.Converter.class,
            description = "Size of the picture in pixels (default: what the model was trained on).")
    private @Nullable PictureSize size;

    @Option(names = "--json", description = "Every figure as JSON, nothing else.")
    private boolean json;

    /** Where the model is. */
    Path path() {
        return model != null ? ModelRegistry.ofUser().resolve(model) : DemoModel.path();
    }

    /** An engine's options, without a limit. */
    static EngineOptions engine(BackendChoice backend) {
        return new EngineOptions(backend.name(), backend.options(), MemoryBudget.UNLIMITED);
    }

    /** The size that was asked for, if one was. */
    @Nullable
    PictureSize size() {
        return size;
    }

    /** The size that was asked for, or the model's. */
    PictureSize sizeOr(ModelDefaults defaults) {
        return size != null ? size : new PictureSize(defaults.width(), defaults.height());
    }

    /**
     * Prints what was found.
     *
     * @param report all of it
     * @param text prints it for people
     */
    void print(Object report, Consumer<PrintWriter> text) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new GsonBuilder()
                    .serializeSpecialFloatingPointValues()
                    .setPrettyPrinting()
                    .create()
                    .toJson(report));
        } else {
            text.accept(out);
        }
        out.flush();
    }
}
