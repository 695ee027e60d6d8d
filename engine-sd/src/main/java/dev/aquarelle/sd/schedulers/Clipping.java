package dev.aquarelle.sd.schedulers;

import java.util.Arrays;

/**
 * What keeps a predicted clean sample in the range of its data: nothing, a fixed limit, or dynamic thresholding (Saharia et al. 2022,
 * arXiv:2205.11487, section 2.3), which shrinks a sample by a quantile of its own absolute values. Of use for models in pixel space.
 *
 * @param thresholding whether by quantile; then {@code clip} counts for nothing
 * @param ratio the quantile, 0.995 as a rule
 * @param maxValue the largest value the quantile may stand for; it is at least 1
 * @param clip whether to a fixed range
 * @param range the limit of the fixed range
 */
record Clipping(boolean thresholding, double ratio, double maxValue, boolean clip, double range) {

    static final Clipping NONE = new Clipping(false, 1, 1, false, 1);

    /** The result may be the array given, which is left as it is. */
    float[] apply(float[] samples, int batch) {
        if (thresholding) {
            float[] result = samples.clone();
            int each = batch == 0 ? 0 : samples.length / batch;
            for (int sample = 0; sample < batch; sample++) {
                threshold(result, sample * each, (sample + 1) * each);
            }
            return result;
        }
        return clip ? clamped(samples) : samples;
    }

    private float[] clamped(float[] samples) {
        float limit = (float) range;
        float[] result = new float[samples.length];
        for (int i = 0; i < samples.length; i++) {
            result[i] = Math.max(-limit, Math.min(limit, samples[i]));
        }
        return result;
    }

    private void threshold(float[] samples, int from, int to) {
        float[] magnitudes = new float[to - from];
        for (int i = from; i < to; i++) {
            magnitudes[i - from] = Math.abs(samples[i]);
        }
        Arrays.sort(magnitudes);
        float limit = Math.min(Math.max(quantile(magnitudes), 1), (float) maxValue);
        for (int i = from; i < to; i++) {
            samples[i] = Math.max(-limit, Math.min(limit, samples[i])) / limit;
        }
    }

    /** Between the two neighbours in order, linearly. */
    private float quantile(float[] sorted) {
        float rank = (float) ratio * (sorted.length - 1);
        int below = (int) rank;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (sorted[above] - sorted[below]) * (rank - below);
    }
}
