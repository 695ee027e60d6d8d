package dev.aquarelle.cli.measure;

import com.sun.management.OperatingSystemMXBean;
import dev.aquarelle.cli.BackendChoice;
import dev.aquarelle.cli.Difference;
import dev.aquarelle.cli.PictureSize;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.image.Image;
import dev.aquarelle.sd.pipeline.ProgressListener;
import dev.aquarelle.sd.pipeline.Shortcuts;
import dev.aquarelle.sd.pipeline.StableDiffusion;
import dev.aquarelle.sd.pipeline.TextToImage;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code aquarelle shortcuts}: what shortcuts gain and cost on this machine. */
@Command(
        name = "shortcuts",
        description = {
            "Measure what --guidance-interval, --cache-interval and --merge-tokens gain and cost: the same pictures are"
                    + " made exactly and by each of them.",
            "The ways take turns, so that what else the machine does is spread over all of them."
        },
        mixinStandardHelpOptions = true)
public final class ShortcutsCommand implements Callable<Integer> {
    /**
     * No two that follow each other share a program: it would not compute again what it has just computed for the other one, the first
     * calls of the same picture.
     */
    private static final List<Shortcuts> WAYS = List.of(
            Shortcuts.NONE,
            Shortcuts.NONE.withGuidanceInterval(0, 0.8),
            Shortcuts.NONE.withCacheInterval(2),
            Shortcuts.NONE.withMergeRatio(0.25),
            Shortcuts.NONE.withGuidanceInterval(0.2, 0.8),
            Shortcuts.NONE.withCacheInterval(3),
            Shortcuts.NONE.withMergeRatio(0.5),
            Shortcuts.NONE.withGuidanceInterval(0, 0.5),
            Shortcuts.NONE.withCacheInterval(5),
            Shortcuts.NONE.withMergeRatio(0.75),
            Shortcuts.NONE.withGuidanceInterval(0, 0.8).withCacheInterval(3).withMergeRatio(0.5));

    private static final List<String> PROMPTS = List.of(
            "a red apple",
            "an owl",
            "a small house",
            "a castle on a hill",
            "a blue car",
            "a green tree",
            "a yellow flower",
            "a sailing boat on the sea",
            "a cat",
            "a mountain in snow",
            "a cup of coffee",
            "a street at night");

    private static final int WARM_UP = 4;
    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final Cancellation cancellation;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(
            names = {"-s", "--steps"},
            paramLabel = "N",
            description = "Steps of each picture (default: as the model likes it).")
    private @Nullable Integer steps;

    @Option(names = "--sampler", paramLabel = "NAME", description = "The sampler (default: the model's own).")
    private @Nullable String sampler;

    @Option(names = "--pictures", paramLabel = "N", description = "Pictures of each way, 1 to 12 (default: 3).")
    private int pictures = 3;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            description = "Make pictures that do not count for so long, one at least (default: 10).")
    private double warmUp = 10;

    @Mixin
    private final Measured measured = new Measured();

    @Mixin
    private final BackendChoice backend = new BackendChoice();

    /**
     * @param cancellation asked all the time
     */
    public ShortcutsCommand(Cancellation cancellation) {
        this.cancellation = cancellation;
    }

    @Override
    public Integer call() {
        if (pictures < 1 || pictures > PROMPTS.size()) {
            throw new ParameterException(
                    spec.commandLine(), "--pictures: expected 1 to %d, found %d".formatted(PROMPTS.size(), pictures));
        }
        ShortcutsReport report = measure();
        measured.print(report, report::print);
        return 0;
    }

    private ShortcutsReport measure() {
        try (StableDiffusion engine = StableDiffusion.load(measured.path(), Measured.engine(backend))) {
            int made = steps != null ? steps : engine.defaults().steps();
            PictureSize size = measured.sizeOr(engine.defaults());
            List<ShortcutsReport.Way> ways =
                    WAYS.stream().map(ShortcutsReport.Way::of).toList();
            long start = System.nanoTime();
            int warmUps = 0;
            do { // the last one first, which has the kernels of all others
                Shortcuts way = WAYS.get(WAYS.size() - 1 - warmUps++ % WAYS.size());
                made(
                        engine,
                        request(0, Math.min(WARM_UP, made), size).shortcuts(way).build());
            } while (System.nanoTime() - start < warmUp * 1e9);
            for (int n = 0; n < pictures; n++) {
                TextToImage.Builder request = request(n, made, size);
                Made exact = null;
                for (int i = 0; i < WAYS.size(); i++) {
                    Made picture = made(engine, request.shortcuts(WAYS.get(i)).build());
                    exact = exact == null ? picture : exact;
                    ways.get(i)
                            .pictures()
                            .add(new ShortcutsReport.Picture(
                                    picture.seconds,
                                    picture.processorSeconds,
                                    exact.seconds / picture.seconds,
                                    exact.processorSeconds / picture.processorSeconds,
                                    picture.steps,
                                    Difference.psnr(picture.image, exact.image)));
                }
            }
            return new ShortcutsReport(
                    engine.defaults().name(),
                    engine.description(),
                    Runtime.version().toString(),
                    Runtime.getRuntime().availableProcessors(),
                    size.width(),
                    size.height(),
                    made,
                    sampler == null ? "" : sampler,
                    ways);
        }
    }

    /**
     * A picture.
     *
     * @param seconds from the request to the last step
     * @param processorSeconds of all threads together
     * @param steps the same of each step, the first with what is before it
     */
    private record Made(Image image, double seconds, double processorSeconds, List<Double> steps) {}

    private static List<Double> differences(List<Double> times) {
        return IntStream.range(1, times.size())
                .mapToObj(i -> times.get(i) - times.get(i - 1))
                .toList();
    }

    private TextToImage.Builder request(int n, int made, PictureSize size) {
        TextToImage.Builder request =
                TextToImage.builder(PROMPTS.get(n)).seed(n + 1).steps(made).size(size.width(), size.height());
        return sampler == null ? request : request.sampler(sampler);
    }

    private Made made(StableDiffusion engine, TextToImage request) {
        long start = System.nanoTime();
        List<Double> seconds = new ArrayList<>(List.of(0.0));
        long processor = SYSTEM.getProcessCpuTime();
        List<Double> ofProcessor = new ArrayList<>(List.of(0.0));
        ProgressListener steps = _ -> {
            seconds.add((System.nanoTime() - start) / 1e9);
            ofProcessor.add((SYSTEM.getProcessCpuTime() - processor) / 1e9);
        };
        Image image = engine.generate(request, steps, cancellation).getFirst().image();
        return new Made(image, seconds.getLast(), ofProcessor.getLast(), differences(ofProcessor));
    }
}
