package dev.aquarelle.cli;

import dev.aquarelle.sd.pipeline.EngineOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is to be seen of pictures while they are made, as the options say. */
final class PreviewOptions {
    /** No previews are written. */
    static final int NEVER = 0;

    @Option(names = "--preview", description = "Show the picture in the terminal while it is made.")
    private boolean shown;

    @Option(
            names = "--save-previews",
            paramLabel = "N",
            description = "Write a preview every N steps, beside the picture: NAME-step-005.png and so on.")
    private @Nullable Integer every;

    @Option(
            names = "--taesd",
            paramLabel = "PATH",
            description =
                    "Make previews with a tiny autoencoder, sharp and as large as the picture: a folder, or a file"
                            + " such as taesd_decoder.safetensors (default: a colored square for each 8 x 8 pixels).")
    private @Nullable Path tiny;

    /** Whether previews are shown in the terminal. */
    boolean areShown() {
        return shown;
    }

    /** After every how many steps one is written; {@link #NEVER} for none. */
    int every() {
        return every == null ? NEVER : every;
    }

    /**
     * Checks the options.
     *
     * @throws IllegalArgumentException if they do not belong together or a number is out of its range
     */
    void requireSense() {
        if (every != null && every < 1) {
            throw new IllegalArgumentException("--save-previews: expected 1 or more, found " + every);
        }
        if (tiny != null && !shown && every == null) {
            throw new IllegalArgumentException(
                    "--taesd: expected --preview or --save-previews beside it, found neither");
        }
    }

    /** An engine that makes previews so. */
    EngineOptions with(EngineOptions engine) {
        return engine.withPreviewDecoder(tiny);
    }
}
