package dev.aquarelle.cli.conformance;

import java.util.List;

/**
 * What became of one case.
 *
 * @param name the full name, {@code 06_unet/sd15_1x8x8_t500}
 * @param group the group's name
 * @param checks how many comparisons were made
 * @param failures those that went wrong
 * @param unsupported why the engine does not do this yet; empty if it does
 * @param seconds how long it took
 */
public record CaseResult(
        String name, String group, int checks, List<Failure> failures, String unsupported, double seconds) {

    /** The three ends of a case. */
    public enum Outcome {
        PASSED,
        FAILED,
        UNSUPPORTED
    }

    /** Failed if anything went wrong; unsupported if nothing did but something was left out. */
    public Outcome outcome() {
        if (!failures.isEmpty()) {
            return Outcome.FAILED;
        }
        return unsupported.isEmpty() ? Outcome.PASSED : Outcome.UNSUPPORTED;
    }

    /** One line: {@code FAILED 06_unet/sd15: y[0, 3, 1, 2]: expected 0.5, found 0.7, limit 1.0e-05 (and 3 more)}. */
    public String line() {
        return switch (outcome()) {
            case PASSED -> "PASSED      %s (%d checks)".formatted(name, checks);
            case UNSUPPORTED -> "UNSUPPORTED %s: %s".formatted(name, unsupported);
            case FAILED ->
                "FAILED      %s: %s%s"
                        .formatted(
                                name,
                                failures.getFirst(),
                                failures.size() == 1 ? "" : " (and %d more)".formatted(failures.size() - 1));
        };
    }
}
