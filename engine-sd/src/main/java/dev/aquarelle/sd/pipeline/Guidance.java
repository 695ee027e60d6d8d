package dev.aquarelle.sd.pipeline;

import dev.aquarelle.core.tensor.Tensor;

/**
 * Classifier-free guidance (arXiv:2207.12598): the prediction is pushed from what the negative prompt gives towards, and past, what the
 * prompt gives.
 *
 * @param scale how far; 1 and less means that only the prompt is asked
 * @param rescale how much of the prompt's own contrast is restored (arXiv:2305.08891, section 3.4): 0 to 1
 */
public record Guidance(double scale, double rescale) implements GuidanceMethod {

    /**
     * @throws IllegalArgumentException if a number is not finite, or rescale is outside of 0 to 1
     */
    public Guidance {
        if (!Double.isFinite(scale)) {
            throw new IllegalArgumentException("guidanceScale: expected a finite number, found " + scale);
        }
        if (!(rescale >= 0 && rescale <= 1)) {
            throw new IllegalArgumentException("guidanceRescale: expected 0 to 1, found " + rescale);
        }
    }

    /** Whether the model is asked for the negative prompt too. */
    public boolean isOn() {
        return scale > 1;
    }

    @Override
    public int looks() {
        return isOn() ? 2 : 1;
    }

    @Override
    public int negatives() {
        return isOn() ? 1 : 0;
    }

    /** The looks are: negative prompts, prompts. */
    @Override
    public Tensor combine(Tensor both) {
        if (!isOn()) {
            return both;
        }
        float[] values = both.toFloatArray();
        int[] dims = both.shape().dims();
        dims[0] /= 2;
        int half = values.length / 2;
        float[] guided = new float[half];
        float factor = (float) scale;
        for (int i = 0; i < half; i++) {
            float negative = values[i];
            guided[i] = negative + factor * (values[half + i] - negative);
        }
        if (rescale > 0) {
            int each = half / dims[0];
            for (int at = 0; at < half; at += each) {
                restoreContrast(guided, at, each, deviation(values, half + at, each));
            }
        }
        return Tensor.of(guided, dims);
    }

    private void restoreContrast(float[] guided, int at, int count, double wanted) {
        double ratio = wanted / deviation(guided, at, count);
        for (int i = at; i < at + count; i++) {
            guided[i] = (float) (rescale * (guided[i] * ratio) + (1 - rescale) * guided[i]);
        }
    }

    /** The standard deviation of a sample (divided by n - 1). */
    private static double deviation(float[] values, int at, int count) {
        double sum = 0;
        for (int i = at; i < at + count; i++) {
            sum += values[i];
        }
        double mean = sum / count;
        double squares = 0;
        for (int i = at; i < at + count; i++) {
            squares += (values[i] - mean) * (values[i] - mean);
        }
        return Math.sqrt(squares / (count - 1));
    }
}
