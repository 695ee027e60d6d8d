package dev.aquarelle.sd.pipeline;

/**
 * Ways to make a picture sooner that change it a little; all off unless asked for.
 *
 * @param guidanceFrom the first part of the steps without guidance (arXiv:2404.07724): 0 for none
 * @param guidanceUntil where guidance ends: 1 for never
 * @param cacheInterval the denoiser's deep blocks are computed in every so many calls only (DeepCache, arXiv:2312.00858): 1 for each
 * @param mergeRatio the part of tokens that is merged in self-attention (ToMe, arXiv:2303.17604): 0 for none
 */
public record Shortcuts(double guidanceFrom, double guidanceUntil, int cacheInterval, double mergeRatio) {
    /** The exact picture. */
    public static final Shortcuts NONE = new Shortcuts(0, 1, 1, 0);

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
        if (!(mergeRatio >= 0 && mergeRatio <= 0.75)) {
            throw new IllegalArgumentException("mergeRatio: expected 0 to 0.75, found " + mergeRatio);
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
}
