package dev.aquarelle.cli;

import dev.aquarelle.ops.BackendOptions;
import dev.aquarelle.sd.pipeline.AddOns;
import dev.aquarelle.sd.pipeline.EngineOptions;
import dev.aquarelle.sd.pipeline.MemoryNeed;
import dev.aquarelle.sd.pipeline.PictureRequest;
import dev.aquarelle.sd.pipeline.SdxlOptions;
import dev.aquarelle.sd.pipeline.StableDiffusion;
import dev.aquarelle.sd.pipeline.TextToImage;
import dev.aquarelle.sd.schedulers.AlignYourSteps;
import dev.aquarelle.sd.schedulers.Schedule;
import dev.aquarelle.sd.schedulers.Scheduler;
import dev.aquarelle.sd.schedulers.SchedulerConfig;
import dev.aquarelle.sd.schedulers.SchedulerException;
import dev.aquarelle.sd.schedulers.SchedulerRun;
import dev.aquarelle.sd.schedulers.Schedulers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code aquarelle "a red apple"}: pictures of a prompt. */
@Command(
        name = "aquarelle",
        versionProvider = Version.class,
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        customSynopsis = {"aquarelle [OPTIONS] \"PROMPT\"", "       aquarelle COMMAND --help"},
        synopsisHeading = "Usage: ",
        header = "Makes pictures of what you describe, with Stable Diffusion.%n",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions (what is not given is as the model likes it):%n",
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:done", "1:failed", "2:wrong usage", "130:interrupted"},
        footerHeading = "%nExamples:%n",
        footer = {
            "  aquarelle \"a red apple\"",
            "  aquarelle \"an owl\" --seed 42 --steps 20 --guidance 4 --out owl.png",
            "  aquarelle \"a house\" --count 8 --batch 4 --out pictures/",
            "  aquarelle \"a castle\" --model ~/v1-5-pruned-emaonly.safetensors --sampler euler_a",
        })
final class GenerateCommand implements Callable<Integer> {
    private static final long SEEDS = 1L << 32;
    private static final int LONGEST_PROMPT = 20_000; // some seventy chunks of a text encoder

    /** The scheduler of Stable Diffusion. */
    private static final SchedulerConfig USUAL =
            SchedulerConfig.parse("--sampler", "{\"_class_name\": \"PNDMScheduler\"}");

    private final Terminal terminal;
    private final Interrupt interrupt;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "\"PROMPT\"", description = "What to paint, in quotes.")
    private @Nullable String prompt;

    @Option(
            names = {"-n", "--negative"},
            paramLabel = "\"TEXT\"",
            description = "What to keep away from.")
    private @Nullable String negative;

    @Option(
            names = {"-s", "--steps"},
            paramLabel = "N",
            description = "Steps of the sampler, 1 to 1000: more take longer and are finer.")
    private @Nullable Integer steps;

    @Option(
            names = {"-g", "--guidance"},
            paramLabel = "X",
            description = "How much the prompt counts; 1 for no guidance, which is twice as fast.")
    private @Nullable Double guidance;

    @Option(
            names = "--guidance-rescale",
            paramLabel = "X",
            description = "How much of the contrast without guidance is restored, 0 to 1 (default: 0).")
    private double guidanceRescale;

    @Option(
            names = "--sampler",
            paramLabel = "NAME",
            description = "How noise becomes a picture: ddim, euler, euler_a, dpmpp_2m_karras ...")
    private @Nullable String sampler;

    @Mixin
    private final ScheduleOptions scheduleOptions = new ScheduleOptions();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "The same seed gives the same picture; a random one if not given. The next pictures have the next"
                            + " seeds.")
    private @Nullable Long seed;

    @Option(
            names = "--size",
            paramLabel = "WxH",
            converter = PictureSize.Converter.class,
            description = "Width and height in pixels, multiples of 8.")
    private @Nullable PictureSize size;

    @Option(
            names = {"-c", "--count"},
            paramLabel = "N",
            description = "How many pictures to make (default: one batch).")
    private @Nullable Integer count;

    @Option(
            names = {"-b", "--batch"},
            paramLabel = "N",
            description = "How many of them to make at a time (default: 1).")
    private int batch = 1;

    @Option(names = "--clip-skip", paramLabel = "N", description = "Leave out the text encoder's last N layers.")
    private int clipSkip;

    @Mixin
    private final ModelChoice model = new ModelChoice();

    @Option(
            names = {"-o", "--out"},
            paramLabel = "PATH",
            description = "A PNG file, or a folder for files named after prompt and seed (default: here).")
    private @Nullable Path out;

    @Option(
            names = {"-f", "--force"},
            description = "Write over files that are there.")
    private boolean force;

    @Option(
            names = "--prompt2",
            paramLabel = "\"TEXT\"",
            description = "Another prompt for SDXL's second text encoder.")
    private @Nullable String prompt2;

    @Option(names = "--negative2", paramLabel = "\"TEXT\"", description = "Another negative prompt for it.")
    private @Nullable String negative2;

    @Mixin
    private final SourceImage source = new SourceImage();

    @Mixin
    private final PromptOptions promptOptions = new PromptOptions();

    @Mixin
    private final SeedOptions seeds = new SeedOptions();

    @Mixin
    private final HiresOptions hires = new HiresOptions();

    @Mixin
    private final RefinerOptions refiner = new RefinerOptions();

    @Mixin
    private final AddOnOptions addOnOptions = new AddOnOptions();

    private AddOns addOns = AddOns.NONE;

    @Mixin
    private final ShortcutOptions shortcutOptions = new ShortcutOptions();

    @Mixin
    private final BackendChoice backend = new BackendChoice();

    @Mixin
    private final PreviewOptions previews = new PreviewOptions();

    @Mixin
    private final MemoryOptions memory = new MemoryOptions();

    @Option(
            names = {"-v", "--verbose"},
            description = "Say what is going on, and where an error comes from.")
    private boolean verbose;

    GenerateCommand(Terminal terminal, Interrupt interrupt) {
        this.terminal = terminal;
        this.interrupt = interrupt;
    }

    @Override
    public Integer call() throws IOException {
        if (prompt == null) {
            throw new ParameterException(
                    spec.commandLine(), "what shall it paint? For example: aquarelle \"a red apple\"");
        }
        StderrLog.setVerbose(verbose);
        String text = prompt;
        int total = count != null ? count : batch;
        long first = seed != null ? seed : ThreadLocalRandom.current().nextLong(SEEDS);
        requireSense(text, total);
        TextToImage _ = request(text, first, 0, batch); // refuses what makes no sense, before pictures are resized
        source.read(size);
        hires.requireSense();
        refiner.read();
        seeds.read(total);
        requireOneKind();
        previews.requireSense();
        addOns = promptOptions.with(addOnOptions.read());
        PictureRequest _ = asked(request(text, first, 0, batch), false); // refuses what makes no sense, before all
        requireSampler();
        CommandLine line = spec.commandLine();
        BackendOptions computing = backend.options();
        PictureFiles files = PictureFiles.of(out, text, total, force);
        EngineOptions options = previews.with(
                new EngineOptions(backend.name(), computing, memory.limit().ofEngine()));
        try (StableDiffusion engine = model.load(options)) {
            if (verbose || memory.limit().isGiven() || memory.isDryRun()) {
                TextToImage one = request(text, first, 0, Math.min(batch, total));
                MemoryNeed need = engine.plan(asked(one, engine.followsInstructions()));
                memory.limit().require(need);
                if (memory.isDryRun()) {
                    MemoryOptions.print(need, line.getOut());
                    return 0;
                }
                line.getErr().println(MemoryOptions.line(need));
            }
            files.createFolder();
            Screen screen = new Screen(line.getOut(), line.getErr(), terminal, previews.areShown());
            new Painting(
                            engine,
                            (from, pictures) ->
                                    asked(request(text, first, from - first, pictures), engine.followsInstructions()),
                            files,
                            screen,
                            previews.every(),
                            interrupt)
                    .run(first, total, batch);
        }
        return 0;
    }

    private void requireSense(String text, int total) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("the prompt is empty");
        }
        requireReadable("the prompt", text);
        requireReadable("the negative prompt", negative);
        requireReadable("the second prompt", prompt2);
        requireReadable("the second negative prompt", negative2);
        if (count != null && total < 1) {
            throw new IllegalArgumentException("--count: expected 1 or more, found " + total);
        }
        if (seed != null && seed < 0) {
            throw new IllegalArgumentException("--seed: expected 0 or more, found " + seed);
        }
        if (seed != null && seed > Long.MAX_VALUE - (total - 1)) {
            throw new IllegalArgumentException(
                    "--seed: expected at most %d, so that the last of %d pictures has a seed too, found %d"
                            .formatted(Long.MAX_VALUE - (total - 1), total, seed));
        }
    }

    private static void requireReadable(String which, @Nullable String text) {
        if (text == null) {
            return;
        }
        if (text.length() > LONGEST_PROMPT) {
            throw new IllegalArgumentException(
                    "%s: expected at most %d characters, found %d".formatted(which, LONGEST_PROMPT, text.length()));
        }
        if (Arguments.isUnreadable(text)) {
            throw new IllegalArgumentException("%s: expected text, found %s".formatted(which, Arguments.unreadable()));
        }
    }

    /** Whatever a scheduler says of the usual model is about the command line; what it says later, about the model at hand. */
    private void requireSampler() {
        if (sampler != null) {
            try {
                Schedule schedule = scheduleOptions.schedule();
                Scheduler scheduler = schedule == null
                        ? Schedulers.named(sampler, USUAL)
                        : Schedulers.scheduled(sampler, USUAL, schedule, AlignYourSteps.STABLE_DIFFUSION);
                if (steps != null) {
                    SchedulerRun _ = scheduler.start(steps);
                }
            } catch (SchedulerException e) {
                throw new IllegalArgumentException(e.getMessage(), e);
            }
        }
    }

    private void requireOneKind() {
        if (hires.isOn() && (source.isOn() || refiner.isOn())) {
            throw new IllegalArgumentException("--hires: expected neither --image nor --refiner beside it");
        }
        if (refiner.isOn() && source.isOn()) {
            throw new IllegalArgumentException("--refiner: expected no --image beside it");
        }
    }

    private PictureRequest asked(TextToImage text, boolean instructing) {
        if (hires.isOn()) {
            return hires.request(text);
        }
        return refiner.isOn() ? refiner.request(text) : source.request(text, instructing);
    }

    /**
     * @param first the seed of the first of all pictures
     * @param n how many pictures come before these
     */
    private TextToImage request(String text, long first, long n, int pictures) {
        TextToImage.Builder builder = TextToImage.builder(text)
                .negativePrompt(negative)
                .batch(pictures)
                .clipSkip(clipSkip)
                .guidanceRescale(guidanceRescale)
                .sdxl(SdxlOptions.DEFAULT.withPrompts(prompt2, negative2))
                .addOns(addOns)
                .shortcuts(shortcutOptions.shortcuts())
                .vaeTiling(memory.vaeTiling())
                .promptStyle(promptOptions.style());
        seeds.seed(builder, first, n);
        if (size != null) {
            builder.size(size.width(), size.height());
        }
        if (steps != null) {
            builder.steps(steps);
        }
        if (guidance != null) {
            builder.guidanceScale(guidance);
        }
        if (sampler != null) {
            builder.sampler(sampler);
        }
        builder.schedule(scheduleOptions.schedule());
        return builder.build();
    }
}
