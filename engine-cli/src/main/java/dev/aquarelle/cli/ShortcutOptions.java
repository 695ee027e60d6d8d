package dev.aquarelle.cli;

import dev.aquarelle.sd.pipeline.Shortcuts;
import java.util.List;
import picocli.CommandLine.Option;

/** What makes pictures sooner and changes them a little: {@code --guidance-interval 0.2,0.8 --cache-interval 3 --merge-tokens 0.5}. */
final class ShortcutOptions {
    @Option(
            names = "--guidance-interval",
            split = ",",
            paramLabel = "FROM,UNTIL",
            description =
                    "Guide in this part of the steps only, such as 0,0.8: those outside take half as long. Another"
                            + " picture than with guidance in all of them.")
    private List<Double> guidanceInterval = List.of(0.0, 1.0);

    @Option(
            names = "--cache-interval",
            paramLabel = "N",
            description =
                    "Compute the denoiser's deep blocks in every N-th call only (DeepCache). Changes the picture.")
    private int cacheInterval = 1;

    @Option(
            names = "--merge-tokens",
            paramLabel = "RATIO",
            description = "Merge this part of the largest maps' pixels in self-attention, 0 to 0.75 (ToMe). Changes the"
                    + " picture.")
    private double mergeRatio;

    /**
     * What is asked for.
     *
     * @throws IllegalArgumentException if a number is outside of its range
     */
    Shortcuts shortcuts() {
        if (guidanceInterval.size() != 2) {
            throw new IllegalArgumentException("--guidance-interval: expected two numbers such as 0.2,0.8, found %d"
                    .formatted(guidanceInterval.size()));
        }
        return new Shortcuts(guidanceInterval.get(0), guidanceInterval.get(1), cacheInterval, mergeRatio);
    }
}
