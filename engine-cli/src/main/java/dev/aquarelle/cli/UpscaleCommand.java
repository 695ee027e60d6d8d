package dev.aquarelle.cli;

import dev.aquarelle.core.memory.MemoryBudget;
import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.sd.image.GenerationParameters;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.image.ImageFile;
import dev.aquarelle.sd.image.Png;
import dev.aquarelle.sd.pipeline.EngineOptions;
import dev.aquarelle.sd.pipeline.GeneratedImage;
import dev.aquarelle.sd.upscale.Tiles;
import dev.aquarelle.sd.upscale.Upscaler;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code aquarelle upscale --model FILE IN OUT}: a larger picture. */
@Command(
        name = "upscale",
        description = {
            "Make a picture larger with a network of the ESRGAN family.",
            "What the file holds is told by its tensors: RRDBNet (ESRGAN, Real-ESRGAN) or SRVGGNetCompact, of any"
                    + " scale."
        },
        mixinStandardHelpOptions = true)
final class UpscaleCommand implements Callable<Integer> {
    private final Terminal terminal;
    private final Interrupt interrupt;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "IN", description = "A picture: PNG, JPEG, BMP, GIF or TIFF.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path in;

    @Parameters(index = "1", paramLabel = "OUT", description = "The PNG file to write.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path out;

    @Option(
            names = {"-m", "--model"},
            required = true,
            paramLabel = "FILE",
            description = "The network: a safetensors file.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path model;

    @Option(
            names = "--tile",
            paramLabel = "N",
            description =
                    "Pixels along a side of the squares that the picture is made in, a multiple of 8; fewer take less"
                            + " memory and change the picture a little (default: 192).")
    private int tile = Tiles.DEFAULT.size();

    @Option(
            names = {"-f", "--force"},
            description = "Write over a file that is there.")
    private boolean force;

    @Mixin
    private final BackendChoice backend = new BackendChoice();

    @Option(
            names = "--max-memory",
            paramLabel = "SIZE",
            converter = MemorySize.class,
            description =
                    "Refuse what takes more memory than this for a square, such as 1G; the picture is not counted.")
    private MemoryBudget maxMemory = MemoryBudget.UNLIMITED;

    @Option(
            names = {"-v", "--verbose"},
            description = "Say what is going on, and where an error comes from.")
    private boolean verbose;

    UpscaleCommand(Terminal terminal, Interrupt interrupt) {
        this.terminal = terminal;
        this.interrupt = interrupt;
    }

    @Override
    public Integer call() throws IOException {
        StderrLog.setVerbose(verbose);
        Tiles tiles = tiles();
        BackendOptions computing = backend.options();
        PictureFiles files = files();
        Image small = ImageFile.read(in);
        GenerationParameters parameters = parameters();
        long start = System.nanoTime();
        try (Upscaler upscaler = Upscaler.load(model, new EngineOptions(backend.name(), computing, maxMemory), tiles)) {
            Image large = upscale(upscaler, small);
            Path file = files.save(new GeneratedImage(large, withUpscaler(parameters, upscaler.scale()), 0));
            PrintWriter to = spec.commandLine().getOut();
            to.printf(
                    Locale.ROOT,
                    "%s  %dx%d  %.1f s%n",
                    file,
                    large.width(),
                    large.height(),
                    (System.nanoTime() - start) / 1e9);
            to.flush();
        }
        return 0;
    }

    private Tiles tiles() {
        try {
            return new Tiles(tile);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
        }
    }

    private PictureFiles files() throws IOException {
        if (Files.isDirectory(out)
                || !String.valueOf(out.getFileName()).toLowerCase(Locale.ROOT).endsWith(".png")) {
            throw new ParameterException(
                    spec.commandLine(), "OUT: expected the name of a file, ending in .png, found " + out);
        }
        return PictureFiles.of(out, "", 1, force);
    }

    private Image upscale(Upscaler upscaler, Image small) {
        PrintWriter err = spec.commandLine().getErr();
        try (ProgressDisplay display = new ProgressDisplay(err, terminal, "Enlarging", 1)) {
            return upscaler.upscale(small, display::stepDone, interrupt);
        }
    }

    private GenerationParameters parameters() throws IOException {
        String text = Png.isPng(in) ? Png.readTexts(in).get(Png.PARAMETERS) : null;
        return text == null
                ? new GenerationParameters("", "", new LinkedHashMap<>())
                : GenerationParameters.parse(text);
    }

    /** How the small picture was made, and by what it was enlarged, under the names of the web UI. */
    private GenerationParameters withUpscaler(GenerationParameters parameters, int scale) {
        SequencedMap<String, String> values = new LinkedHashMap<>(parameters.values());
        values.put("Postprocess upscale by", Integer.toString(scale));
        values.put("Postprocess upscaler", String.valueOf(model.getFileName()).replaceFirst("\\.safetensors$", ""));
        return new GenerationParameters(parameters.prompt(), parameters.negativePrompt(), values);
    }
}
