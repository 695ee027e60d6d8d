package dev.aquarelle.cli.measure;

import dev.aquarelle.cli.BackendChoice;
import dev.aquarelle.cli.PictureSize;
import dev.aquarelle.ops.Cancellation;
import dev.aquarelle.sd.pipeline.StableDiffusion;
import dev.aquarelle.sd.pipeline.TextToImage;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code aquarelle profile "a red apple"}: where the time of one picture goes. */
@Command(
        name = "profile",
        description = "Paint one picture, keep none, and say where its time went: by part of the model, kernel and"
                + " operation.",
        mixinStandardHelpOptions = true)
public final class ProfileCommand implements Callable<Integer> {
    private final Cancellation cancellation;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "\"PROMPT\"", description = "What to paint, in quotes.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String prompt;

    @Option(
            names = {"-s", "--steps"},
            paramLabel = "N",
            description = "Steps of the sampler (default: as the model likes it).")
    private @Nullable Integer steps;

    @Option(names = "--cold", description = "Record the first picture; without it one of a step warms up the JIT.")
    private boolean cold;

    @Option(names = "--top", paramLabel = "N", description = "Operations to list, the longest first (default: 25).")
    private int top = 25;

    @Mixin
    private final Measured measured = new Measured();

    @Mixin
    private final BackendChoice backend = new BackendChoice();

    /**
     * @param cancellation asked all the time
     */
    public ProfileCommand(Cancellation cancellation) {
        this.cancellation = cancellation;
    }

    @Override
    public Integer call() throws IOException {
        if (top < 1) {
            throw new ParameterException(spec.commandLine(), "--top: expected 1 or more, found " + top);
        }
        TextToImage request = request(prompt, "", steps);
        Profile profile;
        try (StableDiffusion engine = StableDiffusion.load(measured.path(), Measured.engine(backend))) {
            if (!cold) {
                // other texts: the engine keeps the hidden states of those it has encoded
                engine.generate(request(prompt + " +", prompt + " -", 1), _ -> {}, cancellation);
            }
            profile = Profile.of(engine.description(), StepRecording.of(engine, request, cancellation));
        }
        measured.print(profile, out -> profile.print(out, top));
        return 0;
    }

    private TextToImage request(String text, String negative, @Nullable Integer steps) {
        TextToImage.Builder builder =
                TextToImage.builder(text).negativePrompt(negative).seed(1);
        PictureSize size = measured.size();
        if (size != null) {
            builder.size(size.width(), size.height());
        }
        if (steps != null) {
            builder.steps(steps);
        }
        return builder.build();
    }
}
