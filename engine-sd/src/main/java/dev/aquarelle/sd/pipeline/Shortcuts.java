package dev.aquarelle.sd.pipeline;

import java.util.SequencedMap;
import java.util.stream.Stream;

/**
 * Ways to make a picture sooner that change it a little; all off unless asked for. What each of them gains and costs stands in
 * {@code docs/shortcuts.md}.
 *
 * @param guidanceFrom the first part of the steps without guidance (arXiv:2404.07724): 0 for none
 * @param guidanceUntil where guidance ends: 1 for never
 * @param cacheInterval the denoiser's deep blocks are computed in every so many calls only (DeepCache, arXiv:2312.00858): 1 for each
 * @param mergeRatio the part of tokens that is merged in self-attention (ToMe, arXiv:2303.17604): 0 for none
 */
public record Shortcuts(double guidanceFrom, double guidanceUntil, int cacheInterval, double mergeRatio) {
    /** The exact picture. */
    public static final Shortcuts NONE = new Shortcuts(0, 1, 1, 0);

    /** All tokens but one of each square. */
    private static final double LARGEST_RATIO = 0.75;

    private static final String INTERVAL = "Guidance interval";
    private static final String TO = " to ";
    private static final String EXPECTED = "two numbers such as 0.2 to 0.8";
    private static final String CACHE = "DeepCache interval";
    private static final String MERGING = "Token merging ratio";

    /**
     * @throws IllegalArgumentException if a number is outside of its range
     */
    public Shortcuts {
        if (!(guidanceFrom >= 0 && guidanceFrom <= guidanceUntil && guidanceUntil <= 1)) {
            throw new IllegalArgumentException("guidance interval: expected 0 <= from <= until <= 1, found %s and %s"
                    .formatted(guidanceFrom, guidanceUntil));
        }
        if (cacheInterval < 1) {
            throw new IllegalArgumentException("cacheInterval: expected 1 or more, found " + cacheInterval);
        }
        if (!(mergeRatio >= 0 && mergeRatio <= LARGEST_RATIO)) {
            throw new IllegalArgumentException(
                    "mergeRatio: expected 0 to %s, found %s".formatted(LARGEST_RATIO, mergeRatio));
        }
    }

    /** Guidance in a part of the steps only. */
    public Shortcuts withGuidanceInterval(double from, double until) {
        return new Shortcuts(from, until, cacheInterval, mergeRatio);
    }

    /** Deep blocks in every so many calls only. */
    public Shortcuts withCacheInterval(int calls) {
        return new Shortcuts(guidanceFrom, guidanceUntil, calls, mergeRatio);
    }

    /** Tokens merged in self-attention. */
    public Shortcuts withMergeRatio(double ratio) {
        return new Shortcuts(guidanceFrom, guidanceUntil, cacheInterval, ratio);
    }

    /** Whether guidance is left out in some steps. */
    boolean limitsGuidance() {
        return guidanceFrom > 0 || guidanceUntil < 1;
    }

    /**
     * Refuses what has no sense in a request.
     *
     * @throws IllegalArgumentException if guidance is to be left out of a request that has none, or has more than that of two prompts
     */
    void requireSense(SettledRequest s) {
        if (limitsGuidance() && !(s.guidance() instanceof Guidance guidance && guidance.isOn())) {
            throw new IllegalArgumentException(
                    "guidance interval: expected guidance by one prompt and a scale above 1, found %s"
                            .formatted(
                                    s.guidance().looks() == 1
                                            ? "none"
                                            : "one of %d looks"
                                                    .formatted(s.guidance().looks())));
        }
    }

    /** Adds what is not off to a picture's parameters. */
    void putInto(SequencedMap<String, String> values) {
        if (limitsGuidance()) {
            values.put(INTERVAL, guidanceFrom + TO + guidanceUntil);
        }
        if (cacheInterval > 1) {
            values.put(CACHE, Integer.toString(cacheInterval));
        }
        if (mergeRatio > 0) {
            values.put(MERGING, Double.toString(mergeRatio)); // as the web UI calls it
        }
    }

    /**
     * Takes what {@link #putInto} has written from a picture's parameters; what is absent is off.
     *
     * @throws IllegalArgumentException if a value is none of its kind, or outside of its range
     */
    static Shortcuts takenFrom(ParameterReader values) {
        String interval = values.text(INTERVAL, 0 + TO + 1);
        double[] ends = Stream.of(interval.split(TO, -1))
                .mapToDouble(end -> number(end, interval))
                .toArray();
        if (ends.length != 2) {
            throw ParameterReader.mismatch(INTERVAL, EXPECTED, interval);
        }
        return new Shortcuts(ends[0], ends[1], values.integer(CACHE, 1), values.number(MERGING, 0));
    }

    private static double number(String text, String interval) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw ParameterReader.mismatch(INTERVAL, EXPECTED, interval);
        }
    }
}
