package dev.aquarelle.cli.measure;

import dev.aquarelle.cli.BackendChoice;
import dev.aquarelle.cli.PictureSize;
import dev.aquarelle.ops.Backend;
import dev.aquarelle.ops.Backends;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.checkpoint.ModelSource;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.pipeline.ImageToImage;
import dev.aquarelle.sd.pipeline.PictureRequest;
import dev.aquarelle.sd.pipeline.StableDiffusion;
import dev.aquarelle.sd.pipeline.TextToImage;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code aquarelle bench}: how fast the parts of a model are on this machine. */
@Command(
        name = "bench",
        description = {
            "Measure the parts of a model on this machine: a step of the U-Net with guidance, the VAE's decoder, the"
                    + " text encoder.",
            "Each is called to warm up, then as often as --rounds says."
        },
        mixinStandardHelpOptions = true)
public final class BenchCommand implements Callable<Integer> {
    private final Cancellation cancellation;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(
            names = "--what",
            split = ",",
            paramLabel = "PART",
            description = "Only these: ${COMPLETION-CANDIDATES} (default: all).")
    private List<ModelPart> what = List.of(ModelPart.values());

    @Option(names = "--rounds", paramLabel = "N", description = "Calls that count (default: 3).")
    private int rounds = 3;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            description = "Make calls that do not count for so long, one at least (default: 5).")
    private double warmUp = 5;

    @Option(
            names = "--stops",
            paramLabel = "N",
            description = "Instead, stop N pictures at random moments and measure how long that takes.")
    private @Nullable Integer stops;

    @Mixin
    private final Measured measured = new Measured();

    @Mixin
    private final BackendChoice backend = new BackendChoice();

    /**
     * @param cancellation asked between and within calls
     */
    public BenchCommand(Cancellation cancellation) {
        this.cancellation = cancellation;
    }

    @Override
    public Integer call() {
        if (rounds < 1) {
            throw new ParameterException(spec.commandLine(), "--rounds: expected 1 or more, found " + rounds);
        }
        if (stops != null && stops < 1) {
            throw new ParameterException(spec.commandLine(), "--stops: expected 1 or more, found " + stops);
        }
        if (stops != null) {
            StopMeasurement report = measureStops(stops);
            measured.print(report, report::print);
        } else {
            BenchReport report = measure(measured.path());
            measured.print(report, report::print);
        }
        return 0;
    }

    /** Pictures that start from one and make two steps, in two sizes, so that every program is made and used. */
    private StopMeasurement measureStops(int count) {
        try (StableDiffusion engine = StableDiffusion.load(measured.path(), Measured.engine(backend))) {
            PictureSize size = measured.sizeOr(engine.defaults());
            int height = size.height();
            List<PictureRequest> requests = new ArrayList<>();
            for (int side : List.of(size.width(), Math.max(8, size.width() - 64))) {
                TextToImage text =
                        TextToImage.builder("a red apple").steps(4).seed(1).build();
                requests.add(new ImageToImage(text, Image.of(side, height, new byte[3 * side * height]), 0.5));
            }
            return StopMeasurement.of(engine, requests, count, cancellation);
        }
    }

    private BenchReport measure(Path path) {
        ModelSource model = ModelSource.open(path);
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        PartMeasurement.Plan plan = new PartMeasurement.Plan(warmUp, rounds);
        PictureSize size = measured.size();
        ModelPart.Size pixels =
                ModelPart.Size.of(model, size == null ? 0 : size.width(), size == null ? 0 : size.height());
        try (Backend opened = Backends.open(backend.name(), backend.options())) {
            List<PartMeasurement> parts = new ArrayList<>();
            for (ModelPart part : what) {
                parts.add(PartMeasurement.of(part, model, pixels, opened, plan, cancellation));
            }
            return new BenchReport(
                    path.toString(),
                    opened.name(),
                    opened.description(),
                    Runtime.version().toString(),
                    Runtime.getRuntime().availableProcessors(),
                    load,
                    List.copyOf(parts));
        }
    }
}
