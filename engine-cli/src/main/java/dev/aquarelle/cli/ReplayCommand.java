package dev.aquarelle.cli;

import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.Png;
import dev.aquarelle.sd.pipeline.EngineOptions;
import dev.aquarelle.sd.pipeline.GeneratedImage;
import dev.aquarelle.sd.pipeline.Replay;
import dev.aquarelle.sd.pipeline.StableDiffusion;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code aquarelle replay picture.png}: the picture once more, and whether it is the same. */
@Command(
        name = "replay",
        description = {
            "Make a picture again from the parameters in its file, and say whether it is the same.",
            "Models, LoRAs and the like are found by their names: among those that aquarelle models knows, beside the"
                    + " picture, here, and in the folders of --search; pictures that it was made from by their pixels."
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:the same pixels", "1:another picture, or failed", "2:wrong usage", "130:interrupted"},
        mixinStandardHelpOptions = true)
final class ReplayCommand implements Callable<Integer> {
    private static final int ANOTHER_PICTURE = 1;

    private final Terminal terminal;
    private final Interrupt interrupt;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "A PNG with parameters, as aquarelle and the web UI write them.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path file;

    @Mixin
    private final ModelChoice model = new ModelChoice();

    @Option(
            names = {"-i", "--image"},
            paramLabel = "FILE",
            description =
                    "A picture that the picture was made from: an image, a mask or a ControlNet's; several times.")
    private final List<Path> images = new ArrayList<>();

    @Option(
            names = "--search",
            paramLabel = "DIR",
            description = "A folder to look in, with the folders in it; several times.")
    private final List<Path> search = new ArrayList<>();

    @Option(
            names = {"-o", "--out"},
            paramLabel = "PATH",
            description = "A PNG file, or a folder for a file named after prompt and seed (default: here).")
    private @Nullable Path out;

    @Option(
            names = {"-f", "--force"},
            description = "Write over files that are there.")
    private boolean force;

    @Mixin
    private final BackendChoice backend = new BackendChoice();

    @Mixin
    private final MemoryLimit memory = new MemoryLimit();

    @Option(
            names = {"-v", "--verbose"},
            description = "Say what is going on, and where an error comes from.")
    private boolean verbose;

    ReplayCommand(Terminal terminal, Interrupt interrupt) {
        this.terminal = terminal;
        this.interrupt = interrupt;
    }

    @Override
    public Integer call() throws IOException {
        StderrLog.setVerbose(verbose);
        Image then = Png.read(file);
        String text = Png.readTexts(file).get(Png.PARAMETERS);
        if (text == null) {
            throw new IllegalArgumentException(
                    "%s: expected parameters in the PNG, found none: nothing says how it was made".formatted(file));
        }
        GenerationParameters parameters = GenerationParameters.parse(text);
        ReplaySearch files = new ReplaySearch(folders(), images, new PictureSize(then.width(), then.height()));
        EngineOptions options = new EngineOptions(backend.name(), backend.options(), memory.ofEngine());
        try (StableDiffusion engine = load(parameters, files, options)) {
            Replay replay = Replay.of(engine, parameters, files);
            tellBefore(parameters, engine.parameters(replay.request()), replay.ignored());
            if (memory.isGiven()) {
                memory.require(engine.plan(replay.request()));
            }
            PictureFiles target = PictureFiles.of(out, parameters.prompt(), 1, force);
            target.createFolder();
            Screen screen =
                    new Screen(spec.commandLine().getOut(), spec.commandLine().getErr(), terminal, false);
            long start = System.nanoTime();
            GeneratedImage now = new Painting(
                            engine, (_, _) -> replay.request(), target, screen, PreviewOptions.NEVER, interrupt)
                    .paint(replay.request(), "Painting")
                    .getFirst();
            Path written = target.save(now);
            print("%s  seed %d  %.1f s", written, now.seed(), (System.nanoTime() - start) / 1e9);
            print("%s", verdict(then, now, written));
            return then.equals(now.image()) ? 0 : ANOTHER_PICTURE;
        }
    }

    private List<Path> folders() {
        Path beside = file.toAbsolutePath().getParent();
        return Stream.of(
                        search,
                        List.of(beside, Path.of(""), ModelRegistry.ofUser().loraFolder()))
                .flatMap(List::stream)
                .filter(Files::isDirectory)
                .toList();
    }

    private StableDiffusion load(GenerationParameters parameters, ReplaySearch files, EngineOptions options) {
        String name = parameters.values().getOrDefault(Replay.MODEL, "");
        String vae = parameters.values().get("VAE");
        return model.loadOr(
                () -> files.model(name),
                vae == null ? null : () -> files.file("autoencoder", vae),
                parameters.values().get("Prediction type"),
                options);
    }

    /** What is known to differ before a minute is spent on it. */
    private void tellBefore(GenerationParameters then, GenerationParameters now, List<String> ignored) {
        PrintWriter err = spec.commandLine().getErr();
        for (String name : ignored) {
            err.println(Printable.of(
                    "not understood: %s: %s".formatted(name, then.values().get(name))));
        }
        Difference.of(then, now).forEach(line -> err.println(Printable.of("differs: " + line)));
        err.flush();
    }

    private String verdict(Image then, GeneratedImage now, Path written) throws IOException {
        String pixels = Difference.of(then, now.image());
        if (!then.equals(now.image())) {
            return pixels;
        }
        return Arrays.equals(Files.readAllBytes(file), Files.readAllBytes(written))
                ? "the same to the byte"
                : pixels + ", in a file that differs";
    }

    private void print(String format, Object... values) {
        PrintWriter to = spec.commandLine().getOut();
        to.println(Printable.of(String.format(Locale.ROOT, format, values)));
        to.flush();
    }
}
